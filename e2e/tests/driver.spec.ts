import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { type WebSocket, WebSocketServer } from 'ws';
import { Bidi } from '../support/bidi.ts';
import { events, tabOf } from '../support/firefox.ts';

// Firefox loses the answer to a navigation now and then where the page before was still loading. Here it always does.

type Command = { id: number; method: string; params: { url: string } };

/** A browser that answers every command as told, or leaves it unanswered. */
async function browser(take: (command: Command, say: (message: object) => void) => void): Promise<{ bidi: Bidi; stop(): Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket: WebSocket) => {
    const say = (message: object) => socket.send(JSON.stringify(message));
    socket.on('message', (text) => {
      const command = JSON.parse(String(text)) as Command;
      if (command.method.startsWith('session.')) say({ id: command.id, type: 'success', result: {} });
      else take(command, say);
    });
  });
  return {
    bidi: await Bidi.connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, events),
    stop: async () => {
      for (const client of server.clients) client.terminate();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

const event = (method: string, navigation: string, url: string) => ({ type: 'event', method: `browsingContext.${method}`, params: { context: 'tab', navigation, url } });

const here = { type: 'success', result: { result: { type: 'string', value: 'http://before.test/' } } };

test('a navigation whose answer got lost is over once its page is loaded, and not before', async () => {
  let load: undefined | (() => void);
  const { bidi, stop } = await browser(({ id, method, params }, say) => {
    if (method !== 'browsingContext.navigate') {
      say({ id, ...here });
      return;
    }
    say(event('load', 'before', 'http://before.test/'));
    say(event('navigationStarted', 'other', 'http://other.test/'));
    say(event('load', 'other', 'http://other.test/'));
    say(event('navigationStarted', 'this', params.url));
    say(event('load', 'this', 'http://before.test/'));
    load = () => say(event('load', 'this', 'http://elsewhere.test/after-a-redirect'));
  });
  try {
    let over = false;
    const navigation = tabOf(bidi, 'tab').goto('http://next.test/').then(() => (over = true));
    await expect.poll(() => load).toBeDefined();
    // An answer comes after all that was said before.
    await bidi.send('script.callFunction', {});
    expect(over).toBe(false);
    load!();
    await navigation;
  } finally {
    await stop();
  }
});

test('a navigation that the browser refuses fails with its words', async () => {
  const { bidi, stop } = await browser(({ id, method }, say) => {
    if (method === 'browsingContext.navigate') say({ id, type: 'error', error: 'unknown error', message: 'NS_ERROR_CONNECTION_REFUSED' });
    else say({ id, ...here });
  });
  try {
    await expect(tabOf(bidi, 'tab').goto('http://next.test/')).rejects.toThrow('NS_ERROR_CONNECTION_REFUSED');
  } finally {
    await stop();
  }
});

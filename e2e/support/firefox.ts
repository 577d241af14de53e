import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Bidi, type Happened, NoAnswer } from './bidi.ts';
import type { Running, Tab } from './tab.ts';

// Firefox greets a new profile and asks its makers for news. Back and forms are as people have them.
const preferences = {
  'browser.startup.page': 0,
  'browser.startup.homepage': 'about:blank',
  'startup.homepage_welcome_url': 'about:blank',
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.newtab.preload': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'services.settings.server': 'data:,#none',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.normandy.enabled': false,
  'extensions.update.enabled': false,
  // No processes for pages that may come: a test has one tab, and the machine has other things to do.
  'dom.ipc.processPrelaunch.enabled': false,
};

// What the driver goes by. All that Firefox tells of pages: each version knows others, and an unknown one is an error.
export const events = ['browsingContext'];

// What only reads the page, or comes to the same when done twice, is asked again after so long.
const patience = [5_000, 15_000, 60_000];

/** Starts the system's Firefox, driven by WebDriver BiDi, which Firefox speaks itself: no other program is needed. */
export async function startFirefox(program: string): Promise<Running> {
  const profile = mkdtempSync(join(tmpdir(), 'portal-e2e-firefox-'));
  writeFileSync(join(profile, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
  const browser = spawn(program, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0', '--width=1280', '--height=1000'], {
    // Nothing of the home directory of whoever runs the tests.
    env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(browser, 'exit');
  const stop = async () => {
    if (browser.pid !== undefined && browser.exitCode === null && browser.signalCode === null) {
      browser.kill('SIGTERM');
      await ended;
    }
    rmSync(profile, { recursive: true, force: true });
  };
  try {
    const failed = ended.then(([code]) => Promise.reject(new Error(`${program} ended with ${code}`)));
    const address = await Promise.race([listening(createInterface(browser.stderr)), failed]);
    const bidi = await Bidi.connect(address, events);
    const { contexts } = await bidi.send<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
    return { tab: tabOf(bidi, contexts[0].context), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address at which Firefox listens, which it tells in a line of its own. */
function listening(lines: NodeJS.EventEmitter): Promise<string> {
  return new Promise((told) => {
    lines.on('line', (line: string) => {
      const address = /^WebDriver BiDi listening on (ws:\S+)$/.exec(line)?.[1];
      if (address) told(address);
    });
  });
}

/** The tab that a session's context is. */
export function tabOf(bidi: Bidi, context: string): Tab {
  /** Calls a function in the page, which may be called twice. A page that goes can take the answer with it. */
  const call = async (functionDeclaration: string, argument: string) => {
    for (const [i, within] of patience.entries()) {
      try {
        const answer = await bidi.send<{ result: { value?: string; sharedId?: string }; exceptionDetails?: { text: string } }>('script.callFunction', {
          functionDeclaration, arguments: [{ type: 'string', value: argument }], target: { context }, awaitPromise: false,
        }, within);
        if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text);
        return answer.result;
      } catch (error) {
        if (!(error instanceof NoAnswer) || i === patience.length - 1) throw error;
      }
    }
    throw new Error('unreachable');
  };
  // Where keys or a click have led to another page that is there already, they have arrived.
  const act = (actions: object) => bidi.sendOrSee('input.performActions', { context, actions: [actions] }, newPage(context));
  return {
    // Firefox never answers where the page before was still loading: it takes that one's end for this one's.
    goto: async (url) => {
      const { value: before } = await call('() => location.href', '');
      const isThere = newPage(context, new URL(url).href);
      // The load of the page before may come late, and is then said to be this navigation's, too.
      await bidi.sendOrSee('browsingContext.navigate', { context, url, wait: 'complete' }, (event) => isThere(event) && event.params.url !== before);
    },
    back: async () => {
      const here = () => call('() => location.href', '').then(({ value }) => value, () => undefined);
      const before = await here();
      let failure: unknown;
      let answered = false;
      // A page that comes from the cache of pages is not loaded: there is no event to go by, but its address.
      bidi.send('browsingContext.traverseHistory', { context, delta: -1 }).then(() => (answered = true), (error: unknown) => (failure = error));
      for (;;) {
        if (answered) return;
        const now = await here();
        if (now !== undefined && now !== before && now !== 'about:blank') return;
        if (failure) throw failure;
        await new Promise((later) => setTimeout(later, 50));
      }
    },
    click: async (selector) => {
      const { sharedId } = await call(`(selector) => {
        const element = document.querySelector(selector);
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        return element;
      }`, selector);
      const origin = { type: 'element', element: { sharedId } };
      await act({ type: 'pointer', id: 'mouse', actions: [{ type: 'pointerMove', x: 0, y: 0, origin }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }] });
    },
    type: async (selector, text) => {
      await call('(selector) => document.querySelector(selector).focus()', selector);
      const keys = [...text].map((key) => (key === '\n' ? '\uE006' : key));
      await act({ type: 'key', id: 'keyboard', actions: keys.flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]) });
    },
    run: async <A extends unknown[], R>(inPage: (...args: A) => R, ...args: A) => {
      const { value } = await call(`(args) => JSON.stringify([(${inPage})(...JSON.parse(args))])`, JSON.stringify(args));
      return (JSON.parse(value!) as [R])[0];
    },
  };
}

/** Finds, in the events from now on, that a navigation of the tab has begun, to an address perhaps, and its page is loaded. */
function newPage(context: string, address?: string): (event: Happened) => boolean {
  const begun = new Set<string>();
  return ({ method, params }) => {
    if (params.context !== context || !params.navigation) return false;
    if (method === 'browsingContext.navigationStarted' && (address ?? params.url) === params.url) begun.add(params.navigation);
    return method === 'browsingContext.load' && begun.has(params.navigation);
  };
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { choose, expect, field, shows, submitButton, test } from '../support/engine.ts';
import { link, referenceForm, valueForm } from '../support/pages.ts';
import type { Tab } from '../support/tab.ts';

// S-35a: Back from what a form was answered with shows nothing of the secret that was sent.

const secret = 'secret-behind-back';

const receipt = /\/activity\/[0-9a-f-]{36}$/;

/** Submits the form at an address and goes back to it. What is waited for stands on the answer's page. */
async function sendAndGoBack(tab: Tab, answer: { at: RegExp; has: string }): Promise<void> {
  const address = await tab.run(() => location.href);
  await tab.click(submitButton);
  await shows(tab, answer.has, answer.at);
  await tab.back();
  await shows(tab, 'main form', address);
}

const values = (tab: Tab): Promise<string[]> => tab.run(() => [...document.querySelectorAll<HTMLInputElement>('form :is(input, textarea)')].map((e) => e.value));

async function expectNoSecret(tab: Tab): Promise<void> {
  expect((await values(tab)).filter((v) => v.includes(secret))).toEqual([]);
}

/** A form that takes none of the portal's measures. */
async function serveForm(form: string): Promise<{ url: string; stop(): Promise<unknown> }> {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (request.method === 'POST') response.writeHead(303, { Location: '/receipt' });
    response.end(request.url === '/receipt' ? '<h1>Stored</h1>' : `<main>${form}</main>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}

test('this browser does bring back what was sent, where nothing keeps it from that', async ({ tab }) => {
  const { url, stop } = await serveForm('<form method="post"><textarea name="t"></textarea><button type="submit">Send</button></form>');
  try {
    await tab.goto(url);
    await tab.type(field('t'), secret);
    await sendAndGoBack(tab, { at: /receipt$/, has: 'h1' });
    await expect.poll(() => values(tab)).toContain(secret);
  } finally {
    await stop();
  }
});

for (const [what, fill] of Object.entries({
  'a text': (tab: Tab) => tab.type(field('valueText'), secret),
  'pairs': async (tab: Tab) => {
    await choose(tab, 'valueFormat', 'pairs');
    await tab.type('[aria-label="Property 1, name"]', 'k');
    await tab.type('[aria-label="Property 1, value"]', secret);
  },
  'JSON': async (tab: Tab) => {
    await choose(tab, 'valueFormat', 'json');
    await tab.type(field('valueJSON'), `{"k":"${secret}"}`);
  },
})) {
  test(`Back from the receipt shows nothing of ${what}`, async ({ tab, sandbox, name }) => {
    const agent = sandbox.agent('AWS');
    await tab.goto(link(valueForm, { agentId: agent, name, valueFormat: 'text' }));
    await fill(tab);
    await sendAndGoBack(tab, { at: receipt, has: 'h1' });
    await expectNoSecret(tab);
    expect(String(await sandbox.vault(agent, name)), 'it was sent').toContain(secret);
  });
}

test('Back from the receipt of a hosted reference shows no secret', async ({ tab, sandbox }) => {
  await tab.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'BACK', agentType: 'Matillion hosted', agentId: sandbox.agent('Matillion hosted'), valueFormat: 'text' }));
  await tab.type(field('valueText'), secret);
  await sendAndGoBack(tab, { at: receipt, has: 'h1' });
  await expectNoSecret(tab);
  expect(String(await sandbox.hosted(sandbox.project(), 'BACK')), 'it was sent').toContain(secret);
});

for (const [what, name] of Object.entries({ 'field errors': '', 'a refusal of Maia': 'demo-conflict' })) {
  test(`Back from ${what} shows no secret`, async ({ tab, sandbox }) => {
    await tab.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name, valueFormat: 'text' }));
    await tab.type(field('valueText'), secret);
    await sendAndGoBack(tab, { at: /\/secret-values$/, has: '[role="alert"]' });
    await expectNoSecret(tab);
  });
}


import { accessSync, constants } from 'node:fs';
import { expect, test as base } from '@playwright/test';
import { startFirefox } from './firefox.ts';
import { type Demo, startDemo } from './portal.ts';
import { Sandbox } from './sandbox.ts';
import type { Tab } from './tab.ts';
import { startWebKit } from './webkit.ts';

// The system's browsers, as with Chromium: no test downloads one.
const engines = {
  webkit: { start: startWebKit, needs: [process.env.WEBKIT_DRIVER || '/usr/bin/WebKitWebDriver', '/usr/bin/Xvfb'], packages: 'webkit2gtk-driver xvfb' },
  firefox: { start: startFirefox, needs: [process.env.FIREFOX || '/usr/bin/firefox-esr'], packages: 'firefox-esr' },
};

export type Engine = keyof typeof engines;

type OfWorker = {
  engine: Engine;
  /** One system for all tests of a worker, since a browser takes long to start and its login lasts. */
  demo: Demo;
  /** The tab, with somebody signed in as admin. */
  signedIn: Tab;
};

type OfTest = {
  /** Skips where there is no such browser, except in CI: there it fails. */
  installed: void;
  tab: Tab;
  /** What arrived at Maia and in the vaults. */
  sandbox: Sandbox;
  /** A name that no other test has. */
  name: string;
};

export const test = base.extend<OfTest, OfWorker>({
  engine: ['firefox', { option: true, scope: 'worker' }],
  demo: [async ({}, use) => {
    const { demo, stop } = await startDemo();
    await use(demo);
    await stop();
  }, { scope: 'worker' }],
  signedIn: [async ({ engine, demo }, use) => {
    const { start, needs } = engines[engine];
    const { tab, stop } = await start(needs[0]);
    try {
      await signIn(tab, demo);
      await use(tab);
    } finally {
      await stop();
    }
  }, { scope: 'worker', timeout: 240_000 }],
  tab: async ({ signedIn, demo }, use) => {
    // Addresses are the portal's, as in the tests in Chromium.
    await use({ ...signedIn, goto: (address) => signedIn.goto(new URL(address, demo.url).href) });
  },
  sandbox: async ({ demo }, use) => use(new Sandbox(demo)),
  name: async ({}, use, info) => use(`engines/${info.testId}`),
  installed: [async ({ engine }, use, info) => {
    const { needs, packages } = engines[engine];
    info.skip(!process.env.CI && !needs.every(executable), `${needs.join(' or ')} is missing (Debian: apt-get install ${packages})`);
    await use();
  }, { auto: true }],
});

export { expect };

function executable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function signIn(tab: Tab, demo: Demo): Promise<void> {
  const { username, password } = demo.accounts.find((a) => a.role === 'admin')!;
  await tab.goto(demo.url);
  await tab.type('[name="username"]', username);
  await tab.type('[name="password"]', password);
  await tab.click('form button');
  await shows(tab, 'form[action="/logout"]', `${demo.url}/`);
}

/** Waits until the tab has come to an address, an element of its page is there, and the page is loaded. */
export async function shows(tab: Tab, selector: string, address: string | RegExp): Promise<void> {
  // While one page makes way for another, a driver may have neither to ask.
  await expect(async () => {
    const [at, there, state] = await tab.run((s: string) => [location.href, document.querySelector(s) !== null, document.readyState] as const, selector);
    expect(at).toEqual(typeof address === 'string' ? address : expect.stringMatching(address));
    expect(there, `${selector} is there`).toBe(true);
    // Whoever goes on meets no page that is half there.
    expect(state).toBe('complete');
  }).toPass({ intervals: [50], timeout: 90_000 });
}

/** Chooses a radio button by its label. */
export async function choose(tab: Tab, name: 'agentType' | 'valueFormat', value: string): Promise<void> {
  await tab.click(`label:has([name="${name}"][value="${value}"])`);
}

/** The names of those of the elements that can be seen. */
export function visible(tab: Tab, selector: string): Promise<string[]> {
  return tab.run((s: string) => [...document.querySelectorAll<HTMLInputElement>(s)].filter((e) => e.checkVisibility({ visibilityProperty: true })).map((e) => e.ariaLabel ?? e.name), selector);
}

/** The form's control of one of the contract's field names. */
export const field = (name: string): string => `main form [name="${name}"]`;

export const submitButton = 'main form button[type="submit"]';

import { type BrowserContext, expect, type Page, test as base } from '@playwright/test';
import { Gate } from './gate.ts';
import { type Account, type Demo, startDemo, startServer } from './portal.ts';
import { Sandbox } from './sandbox.ts';
import { signInUnseen } from './pages.ts';

export { expect };

type Fixtures = {
  /** A whole system of the test's own: no test sees another's names or uses up another's limits. */
  demo: Demo;
  /** What arrived at Maia and in the vaults. */
  sandbox: Sandbox;
  /** The first account of a role. */
  account: (role: string) => Account;
  /** A browser of its own, for somebody else. */
  newBrowser: () => Promise<Page>;
  /** Starts a second portal beside the demo and gives its address. */
  newPortal: (settings: Record<string, string>, probe?: '/healthz') => Promise<string>;
  /** The page of somebody who is signed in as admin and sees the start page. */
  admin: Page;
  /** The same at a second portal, whose writes to Maia are held until the test lets them go. */
  held: { page: Page; gate: Gate; url: string };
};

export const test = base.extend<Fixtures>({
  demo: async ({}, use) => {
    const { demo, stop } = await startDemo();
    await use(demo);
    await stop();
  },
  // The context depends on the base URL, so it is closed before the demo ends.
  baseURL: async ({ demo }, use) => use(demo.url),
  sandbox: async ({ demo }, use) => use(new Sandbox(demo)),
  account: async ({ demo }, use) => {
    await use((role) => {
      const account = demo.accounts.find((a) => a.role === role);
      if (!account) throw new Error(`the demo has no ${role}`);
      return account;
    });
  },
  newBrowser: async ({ browser, contextOptions, javaScriptEnabled, baseURL }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ ...contextOptions, javaScriptEnabled, baseURL });
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((c) => c.close()));
  },
  newPortal: async ({ demo }, use) => {
    const stops: (() => Promise<void>)[] = [];
    await use(async (settings, probe) => {
      const { url, stop } = await startServer(demo, settings, probe);
      stops.push(stop);
      return url;
    });
    await Promise.all(stops.map((stop) => stop()));
  },
  admin: async ({ page, account }, use) => {
    await signInUnseen(page, '/', account('admin'));
    await page.goto('/');
    await expect(page).toHaveURL('/');
    await use(page);
  },
  held: async ({ page, demo, account, newPortal }, use) => {
    const gate = await Gate.before(demo.maiaUrl);
    // Long enough for any machine: no test that holds a write waits for one of these to end.
    const url = await newPortal({ PORTAL_MAIA_URL: gate.url, PORTAL_MAIA_TIMEOUT: '60s', PORTAL_SHUTDOWN_TIMEOUT: '120s' });
    await signInUnseen(page, url, account('admin'));
    await page.goto(url);
    await expect(page).toHaveURL(`${url}/`);
    await use({ page, gate, url });
    // Cuts what a failed test has left waiting, so that the portal can end.
    await gate.close();
  },
});

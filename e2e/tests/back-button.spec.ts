import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { wholeBrowser } from '../support/chromium.ts';
import { answerOf, choose, field, link, receiptHeading, referenceForm, signInAt, submit, summary, valueForm } from '../support/pages.ts';
import { expect, test as base } from '../support/test.ts';

// S-35a: Chromium keeps pages in its back/forward cache, "no-store" or not, and the test driver switches that
// cache off. Here it is on, as it is for users.
const test = base.extend<{ context: BrowserContext; user: Page }, { wholeBrowser: Browser }>({
  wholeBrowser: [async ({}, use) => {
    const browser = await chromium.launch({ ...wholeBrowser, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
    await use(browser);
    await browser.close();
  }, { scope: 'worker' }],
  context: async ({ wholeBrowser: browser, baseURL }, use) => {
    const context = await browser.newContext({ baseURL, javaScriptEnabled: false });
    await use(context);
    await context.close();
  },
  user: async ({ context, account }, use) => {
    const page = await context.newPage();
    await signInAt(page, '/', account('admin'));
    await expect(page).toHaveURL('/');
    await use(page);
  },
});

/** Goes back to a form. A page from the cache fires no load event, so the address is waited for. */
async function back(page: Page, address: string): Promise<void> {
  await page.goBack({ waitUntil: 'commit' });
  await expect(page).toHaveURL(address);
  await expect(page.locator('main form')).toBeVisible();
}

test('the cache is on: what was typed is still there after a link away and Back', async ({ user }) => {
  await user.goto(valueForm);
  await field(user, 'name').fill('typed before');
  await field(user, 'valueText').fill('typed before');
  await user.getByRole('navigation').getByRole('link', { name: 'Activity' }).click();
  await expect(user).toHaveURL('/activity');
  await back(user, valueForm);
  await expect(field(user, 'name')).toHaveValue('typed before');
  await expect(field(user, 'valueText')).toHaveValue('typed before');
});

for (const [what, fill] of Object.entries({
  'a text': async (page: Page) => field(page, 'valueText').fill('secret-behind-back'),
  pairs: async (page: Page) => {
    await choose(page, 'valueFormat', 'pairs');
    await page.getByLabel('Property 1, name').fill('k');
    await page.getByLabel('Property 1, value').fill('secret-behind-back');
  },
  JSON: async (page: Page) => {
    await choose(page, 'valueFormat', 'json');
    await field(page, 'valueJSON').fill('{"a":"secret-behind-back"}');
  },
})) {
  test(`Back from the receipt shows nothing of ${what}`, async ({ user, sandbox }) => {
    const address = link(valueForm, { agentId: sandbox.agent('AWS'), name: 'prod/back' });
    await user.goto(address);
    await fill(user);
    await submit(user);
    await expect(await receiptHeading(user)).toContainText('was stored');
    await back(user, address);
    await expectNoSecret(user);
  });
}

test('Back from the receipt of a hosted reference shows no secret', async ({ user, sandbox }) => {
  const address = link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'BACK', agentType: 'Matillion hosted', agentId: sandbox.agent('Matillion hosted') });
  await user.goto(address);
  await field(user, 'valueText').fill('secret-behind-back');
  await submit(user);
  await expect(await receiptHeading(user)).toContainText('was created');
  await back(user, address);
  await expectNoSecret(user);
});

test('Back from field errors shows no secret', async ({ user, sandbox }) => {
  const address = link(valueForm, { agentId: sandbox.agent('AWS') });
  await user.goto(address);
  await field(user, 'valueText').fill('secret-behind-back');
  expect((await answerOf(user)).status()).toBe(422);
  await expect(summary(user)).toBeVisible();
  await back(user, address);
  await expectNoSecret(user);
});

test('Back from a refusal of Maia, and from the second try after it, shows no secret', async ({ user, sandbox }) => {
  const address = link(valueForm, { agentId: sandbox.agent('AWS'), name: 'demo-conflict' });
  await user.goto(address);
  await field(user, 'valueText').fill('secret-behind-back');
  expect((await answerOf(user)).status()).toBe(409);
  await field(user, 'name').fill('prod/second-try');
  await field(user, 'valueText').fill('secret-behind-back');
  await submit(user);
  await expect(await receiptHeading(user)).toContainText('was stored');
  // What came back was the answer to a POST: the browser asks before it would send that again.
  await expect(user.goBack({ waitUntil: 'commit' })).rejects.toThrow('ERR_CACHE_MISS');
  await expect(user.getByRole('heading', { name: /was stored/ })).toHaveCount(0);
  await expect(user.locator('main form')).toHaveCount(0);
  await back(user, address);
  await expectNoSecret(user);
});

test('Back from a login that ran out shows no secret', async ({ user, context, sandbox }) => {
  const address = link(valueForm, { agentId: sandbox.agent('AWS'), name: 'prod/back' });
  await user.goto(address);
  await field(user, 'valueText').fill('secret-behind-back');
  const cookies = await context.cookies();
  // Ended on the server, while the browser still holds the cookie.
  const other = await context.newPage();
  await other.goto('/activity');
  await other.getByRole('button', { name: /Account and sign-out/ }).click();
  await other.getByRole('button', { name: 'Sign out' }).click();
  await expect(other).toHaveURL('/signed-out');
  await context.addCookies(cookies);
  expect((await answerOf(user)).status()).toBe(401);
  await user.goBack({ waitUntil: 'commit' });
  await expect(user.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  expect(await user.content()).not.toContain('secret-behind-back');
});

async function expectNoSecret(page: Page): Promise<void> {
  const values = await page.locator('main form :is(input, textarea)').evaluateAll((all) => all.map((e) => (e as HTMLInputElement).value));
  expect(values.filter((v) => v.includes('secret-behind-back'))).toEqual([]);
}

import { expect, test } from '../support/test.ts';
import { freePort } from '../support/portal.ts';
import { field, fillAll, link, referenceForm, signInAt, signInAtProvider, signOut, submit, valueForm } from '../support/pages.ts';

test('a deep link leads through the login to the form, filled in', async ({ page, account, sandbox }) => {
  const fields = {
    projectId: sandbox.project(), agentType: 'Azure', secretReferenceName: 'LEDGER_(TEST)', description: 'Loads & checks, 100 % + more',
    vaultName: 'contoso-kv', secretName: 'ledger-password', secretKey: 'user name',
  };
  await page.goto(link(referenceForm, fields));
  await expect(page, 'the login is at the provider').not.toHaveURL(/secret-references/);
  await signInAtProvider(page, account('admin'));

  await expect(page).toHaveURL(link(referenceForm, fields));
  await expect(page.getByRole('radio', { name: 'Azure' })).toBeChecked();
  const { agentType: _, ...text } = fields;
  for (const [name, value] of Object.entries(text)) await expect(field(page, name)).toHaveValue(value);
});

test('who is signed in, and until when, stands in the account menu', async ({ admin }) => {
  await admin.getByRole('button', { name: /Account and sign-out/ }).click();
  await expect(admin.getByText('ada@example.com')).toBeVisible();
  await expect(admin.getByText(/Signed in until \d\d:\d\d UTC/)).toBeVisible();
});

test('signing out ends the session; Back leads to the login', async ({ admin, account }) => {
  await admin.goto(valueForm);
  await field(admin, 'name').fill('half-typed');
  await signOut(admin);
  await expect(admin.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(admin).toHaveURL('/signed-out');

  await admin.goBack({ waitUntil: 'commit' });
  await expect(admin.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await expect(admin.getByText('half-typed')).toHaveCount(0);

  // The provider has forgotten the login, too: a password is asked for again.
  await admin.goto('/signed-out');
  await admin.getByRole('link', { name: 'Sign in again' }).click();
  await signInAtProvider(admin, account('admin'));
  await expect(admin).toHaveURL('/');
});

test('signing out in one tab signs out the other', async ({ admin, context }) => {
  const other = await context.newPage();
  await other.goto('/activity');
  await signOut(other);
  await expect(other).toHaveURL('/signed-out');
  await admin.goto('/activity');
  await expect(admin.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
});

test('a session in another browser can be ended from the list of one’s own', async ({ admin, newBrowser, account }) => {
  const forgotten = await newBrowser();
  await signInAt(forgotten, '/activity', account('admin'));
  await expect(forgotten).toHaveURL('/activity');

  await admin.getByRole('button', { name: /Account and sign-out/ }).click();
  await admin.getByRole('link', { name: 'Your sessions' }).click();
  const list = admin.getByRole('main').getByRole('listitem');
  await expect(list).toHaveCount(2);
  await list.filter({ hasNotText: 'This session' }).getByRole('button', { name: /^End/ }).click();
  await expect(list).toHaveCount(1);
  await expect(list).toContainText('This session');

  await forgotten.reload();
  await expect(forgotten.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await admin.goto(valueForm);
  await expect(field(admin, 'name'), 'this one goes on').toBeVisible();
});

test('a login service that is away is told, with a way to try again', async ({ page, newPortal }) => {
  const url = await newPortal({ PORTAL_OIDC_ISSUER: `http://127.0.0.1:${await freePort()}` }, '/healthz');
  const answer = await page.goto(`${url}${link(valueForm, { name: 'prod/snowflake' })}`);
  expect(answer?.status()).toBe(503);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Your company’s sign-in does not answer');
  await expect(page.getByRole('link', { name: 'Try again' })).toHaveAttribute('href', /return_to=.*snowflake/);
});

test('a wrong password is told, and the right one goes on to the target', async ({ page, account }) => {
  const ada = account('admin');
  await signInAt(page, link(valueForm, { name: 'prod/snowflake' }), { ...ada, password: 'not hers' });
  await expect(page.getByRole('alert')).toContainText('Not signed in');
  await page.getByLabel('Password').fill(ada.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(field(page, 'name')).toHaveValue('prod/snowflake');
});

test('somebody in no allowed group gets a page that names the groups, and no session', async ({ page, account }) => {
  const answer = page.waitForResponse((r) => r.url().includes('/auth/callback'));
  await signInAt(page, '/', account('outsider'));
  expect((await answer).status()).toBe(403);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Your account may not use this portal');
  await expect(page.getByRole('main')).toContainText('Otto Brandt');
  await expect(page.getByRole('main')).toContainText('maia-admins');
  await expect(page.getByRole('link', { name: 'Sign in with another account' })).toBeVisible();
  await expect(page.getByRole('button', { name: /Account and sign-out/ })).toHaveCount(0);

  await page.goto('/activity');
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
});

test('somebody in no allowed group can go on with another account', async ({ page, account }) => {
  await signInAt(page, link(valueForm, { name: 'prod/snowflake' }), account('outsider'));
  await page.getByRole('link', { name: 'Sign in with another account' }).click();
  await signInAtProvider(page, account('admin'));
  await expect(field(page, 'name')).toHaveValue('prod/snowflake');
});

test('an auditor sees everybody’s activity, and no form', async ({ admin, newBrowser, account, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(), agentType: 'AWS', secretReferenceName: 'SEEN_BY_AUDITORS', secretName: 'prod/x' }));
  await submit(admin);
  await admin.waitForURL(/\/activity\//);

  const auditor = await newBrowser();
  await signInAt(auditor, '/activity', account('auditor'));
  await expect(auditor.getByRole('heading', { level: 1 })).toHaveText('Everybody’s activity');
  const row = auditor.getByRole('row').filter({ hasText: 'SEEN_BY_AUDITORS' });
  await expect(row).toContainText('Ada Winter');
  await row.getByRole('link', { name: 'SEEN_BY_AUDITORS' }).click();
  await expect(auditor.getByRole('heading', { level: 1 })).toContainText('SEEN_BY_AUDITORS was created');

  for (const form of [referenceForm, valueForm]) {
    const answer = await auditor.goto(form);
    expect(answer?.status()).toBe(403);
    await expect(auditor.getByRole('heading', { level: 1 })).toHaveText('Your account has read-only access');
    await expect(auditor.getByRole('main')).toContainText('maia-admins');
    await expect(auditor.locator('main form')).toHaveCount(0);
  }
  await expect(auditor.getByRole('navigation').getByRole('link')).toHaveText(['Activity']);
});

test('two tabs that log in at once each come to their own target', async ({ page, context, account }) => {
  const other = await context.newPage();
  await page.goto(link(valueForm, { name: 'first-tab' }));
  await other.goto(link(referenceForm, { secretReferenceName: 'SECOND_TAB' }));

  // The one that was opened first ends last.
  await signInAtProvider(other, account('admin'));
  await expect(field(other, 'secretReferenceName')).toHaveValue('SECOND_TAB');
  await signInAtProvider(page, account('admin'));
  await expect(field(page, 'name')).toHaveValue('first-tab');

  // The later login has not cut off the tab of the earlier one.
  await other.reload();
  await expect(field(other, 'secretReferenceName')).toHaveValue('SECOND_TAB');
});

test('reloading the call-back address is harmless', async ({ page, account }) => {
  const callback = page.waitForRequest((r) => r.url().includes('/auth/callback'));
  await signInAt(page, link(valueForm, { name: 'prod/snowflake' }), account('admin'));
  await expect(field(page, 'name')).toHaveValue('prod/snowflake');

  const again = await page.goto((await callback).url());
  expect(again?.status()).toBe(400);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This login link has expired');
  await expect(page.getByRole('main')).toContainText('You are signed in as Ada Winter');
  await page.getByRole('link', { name: 'Go on' }).click();
  await expect(page.getByRole('button', { name: /Account and sign-out/ }), 'still signed in').toBeVisible();
});

test('a call-back address that somebody else sends opens nobody’s session', async ({ page, newBrowser, account }) => {
  // The victim’s browser gets the answer of a login that another browser began.
  const callback = page.waitForRequest((r) => r.url().includes('/auth/callback'));
  await page.route('**/auth/callback*', (route) => route.abort());
  await signInAt(page, '/', account('admin'));
  const address = (await callback).url();

  const victim = await newBrowser();
  const answer = await victim.goto(address);
  expect(answer?.status()).toBe(400);
  await expect(victim.getByRole('heading', { level: 1 })).toHaveText('This login link has expired');
  await victim.goto('/activity');
  await expect(victim.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
});

for (const [name, path] of [['a reference', referenceForm], ['a value', valueForm]] as const) {
  test(`a secret in the link of ${name} is cleaned from the address before the login, and told`, async ({ page, account }) => {
    const secret = 'hunter2-in-a-link';
    const requests: string[] = [];
    page.on('request', (r) => requests.push(r.url()));
    await page.goto(link(path, { description: 'kept', name: 'kept', valueText: secret }));
    await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
    await signInAtProvider(page, account('admin'));

    const notice = page.getByRole('heading', { name: /The link carried a secret/ });
    await expect(notice).toBeVisible();
    await expect(page.getByRole('main')).toContainText('Treat it as leaked');
    expect(page.url()).not.toContain('valueText');
    expect(requests.slice(1).filter((url) => decodeURIComponent(url).includes(secret)), 'it went nowhere but in the link itself').toEqual([]);
    expect(await page.content()).not.toContain(secret);
    await expect(field(page, path === valueForm ? 'name' : 'description'), 'the rest of the link is used').toHaveValue('kept');
  });
}

for (const secret of ['valueText', 'valueJSON', 'valueFile', 'pairValue']) {
  test(`${secret} in a link is taken out for somebody who is signed in`, async ({ admin }) => {
    await admin.goto(link(valueForm, { name: 'prod/snowflake', valueFormat: 'pairs', pairKey: 'user', [secret]: 'hunter2' }));
    await expect(admin.getByRole('heading', { name: /The link carried a secret/ })).toBeVisible();
    expect(admin.url()).not.toContain('hunter2');
    await expect(field(admin, 'pairKey')).toHaveValue('user');
    await expect(field(admin, 'pairValue')).toHaveValue('');
  });
}

test('an unknown parameter is left out, and told', async ({ admin }) => {
  await admin.goto(link(valueForm, { name: 'prod/snowflake', secretvalue: 'x', owner: 'me' }));
  await expect(admin.getByRole('heading', { name: /Part of the link was ignored/ })).toBeVisible();
  await expect(admin).not.toHaveURL(/owner|secretvalue/);
  await expect(field(admin, 'name')).toHaveValue('prod/snowflake');
});

test('marks of a campaign go without a word', async ({ admin }) => {
  await admin.goto(link(valueForm, { name: 'prod/snowflake', utm_source: 'wiki' }));
  await expect(admin).toHaveURL(link(valueForm, { name: 'prod/snowflake' }));
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Store a value');
  await expect(admin.getByRole('heading', { level: 2, name: /left out/ })).toHaveCount(0);
});

test('a login that ended while a form was filled in costs the secret and nothing else', async ({ admin, context, account, sandbox }) => {
  const fields = { agentId: sandbox.agent('AWS'), projectId: sandbox.project(), name: 'prod/after-login', type: 'PASSWORD', key: 'api key' };
  await admin.goto(valueForm);
  await fillAll(admin, fields);
  await field(admin, 'valueText').fill('typed before the login ended');
  await context.clearCookies({ name: 'portal' });

  const answer = admin.waitForResponse((r) => r.request().method() === 'POST');
  await submit(admin);
  expect((await answer).status()).toBe(401);
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Sign in again to continue');
  await expect(admin).toHaveTitle(/^Error:/);
  await expect(admin.getByRole('main')).toContainText('nothing was created');
  await expect(admin.getByRole('main')).toContainText('except for the secret');
  await expect(admin.getByRole('main')).toContainText('prod/after-login');
  expect(await admin.content()).not.toContain('typed before the login ended');

  await admin.getByRole('link', { name: 'Sign in and go on' }).click();
  await signInAtProvider(admin, account('admin'));
  for (const [name, value] of Object.entries(fields)) await expect(field(admin, name)).toHaveValue(value);
  await expect(field(admin, 'valueText')).toHaveValue('');
  expect(await sandbox.writes()).toEqual([]);

  await field(admin, 'valueText').fill('typed again');
  await submit(admin);
  await admin.waitForURL(/\/activity\//);
  expect(JSON.parse((await sandbox.vault(fields.agentId, fields.name)).toString())).toEqual({ 'api key': 'typed again' });
});

test('a link to nowhere, and to somebody else’s receipt, is not found', async ({ admin, newBrowser, account, sandbox }) => {
  expect((await admin.goto('/no-such-page'))?.status()).toBe(404);
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Page not found');

  await admin.goto(link(referenceForm, { projectId: sandbox.project(), agentType: 'AWS', secretReferenceName: 'MINE', secretName: 'prod/x' }));
  await submit(admin);
  await admin.waitForURL(/\/activity\/.+/);
  const grace = await newBrowser();
  await signInAt(grace, '/activity', { username: 'grace', password: 'grace-password', role: 'admin' });
  await expect(grace.getByText('MINE')).toHaveCount(0);
  expect((await grace.goto(admin.url()))?.status()).toBe(404);
  await expect(grace.getByRole('main')).not.toContainText('MINE');
  expect(account('admin').username, 'the receipt was ada’s').toBe('ada');
});

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test as base, expect, type Page } from '@playwright/test';
import type { ClientMetadata } from 'oidc-provider';
import { answerOf, field, link, receiptHeading, referenceForm, signInAtProvider, signOut, submit, valueForm } from '../support/pages.ts';
import { type Account, startServer } from '../support/portal.ts';
import { claimsOf, clientKey, LoginService, Maia, members, resource, runOut } from '../support/provider.ts';

// The portal with a provider that none of its libraries comes from, and with that provider's own defaults.

const secret = 'entered-with-the-second-provider';
const agentId = 'agent-1';
const projectId = '6f0d8a4e-5d0e-4c53-9d6e-0d7c1b0f2a11';

type Portal = {
  url: string;
  /** What `portal sessions list` prints of this user. */
  sessions: () => Promise<string[]>;
};

type Fixtures = {
  service: LoginService;
  maia: Maia;
  dir: string;
  /** Starts a portal that is a client of the service. */
  newPortal: (client: Partial<ClientMetadata>, settings: Record<string, string>) => Promise<Portal>;
  /** One with a secret. */
  portal: Portal;
};

const test = base.extend<Fixtures>({
  service: async ({}, use) => {
    const service = await LoginService.start();
    await use(service);
    await service.stop();
    expect(service.events.filter((e) => e.startsWith('server error')), 'the provider’s own errors').toEqual([]);
  },
  maia: async ({ service }, use) => {
    const maia = await Maia.start(service);
    await use(maia);
    await maia.stop();
  },
  dir: async ({}, use) => {
    const dir = mkdtempSync(join(tmpdir(), 'portal-e2e-provider-'));
    await use(dir);
    rmSync(dir, { recursive: true, force: true });
  },
  newPortal: async ({ service, maia, dir }, use) => {
    const stops: (() => Promise<void>)[] = [];
    await use(async (client, settings) => {
      const demo = { url: '', issuer: service.issuer, maiaUrl: maia.url, accounts: [], projects: [], agents: [] };
      const database = `sqlite:${join(dir, 'portal.db')}`;
      const { url, stop } = await startServer(demo, {
        PORTAL_OIDC_CLIENT_ID: 'portal',
        PORTAL_OIDC_CLIENT_SECRET: '',
        PORTAL_OIDC_RESOURCE: resource,
        PORTAL_OIDC_PROMPT: 'consent', // else this provider gives no refresh token
        PORTAL_DATABASE_URL: database,
        ...settings,
      });
      stops.push(stop);
      await service.register(url, { client_id: 'portal', ...client });
      const sessions = async () => {
        const { stdout } = await promisify(execFile)(process.env.PORTAL_BINARY!, ['sessions', 'list'], { env: { PORTAL_DATABASE_URL: database } });
        return stdout.split('\n').filter((line) => line.includes('"ada"'));
      };
      return { url, sessions };
    });
    await Promise.all(stops.map((stop) => stop()));
  },
  portal: async ({ newPortal }, use) => {
    const client_secret = 'a secret: with + and % and /';
    await use(await newPortal({ client_secret, token_endpoint_auth_method: 'client_secret_basic' }, { PORTAL_OIDC_CLIENT_SECRET: client_secret }));
  },
});

test.use({ actionTimeout: 15_000 });

/** Logs in at the provider, and waits until the browser is back at the portal. */
async function signIn(page: Page, address: string, who: Account = members.admin): Promise<void> {
  await page.goto(address);
  await signInAtProvider(page, who);
  await allow(page);
  await page.waitForURL((url) => url.href.startsWith(new URL(address).origin));
}

async function allow(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Allow the portal?' }).waitFor();
  await page.getByRole('button', { name: 'Allow' }).click();
}

/** Opens the value's form, filled in but for nothing. */
async function openForm(page: Page, portal: Portal, name: string): Promise<Record<string, string>> {
  const fields = { agentId, projectId, name, type: 'PASSWORD', key: 'api key' };
  await page.goto(portal.url + link(valueForm, fields));
  await field(page, 'valueText').fill(secret);
  return fields;
}

test('a deep link leads through the login, and Maia gets a token of this user that is meant for it', async ({ page, portal, service, maia }) => {
  const fields = { projectId, agentType: 'AWS', secretReferenceName: 'LEDGER_(TEST)', description: 'Loads & checks, 100 % + more', secretName: 'prod/ledger' };
  await signIn(page, portal.url + link(referenceForm, fields));
  await expect(page).toHaveURL(portal.url + link(referenceForm, fields));
  for (const name of ['projectId', 'secretReferenceName', 'description', 'secretName'] as const) await expect(field(page, name)).toHaveValue(fields[name]);

  await submit(page);
  await expect(await receiptHeading(page)).toHaveText('The reference LEDGER_(TEST) was created');
  expect(maia.writes.map((c) => [c.method, c.path, c.status])).toEqual([['POST', `/v1/projects/${projectId}/secret-references/LEDGER_%28TEST%29`, 201]]);
  expect(claimsOf(maia.writes[0].token)).toMatchObject({ iss: service.issuer, aud: resource, sub: 'ada', client_id: 'portal' });
  expect(maia.calls.filter((c) => c.status === 401), 'no other token was tried').toEqual([]);
});

test('an access token that ran out while a form was open is renewed once', async ({ page, portal, service, maia }) => {
  service.accessTokenLife = 4;
  await signIn(page, portal.url);
  await openForm(page, portal, 'prod/renewed');
  const old = service.accessTokens.at(-1)!;
  const refreshes = service.refreshes;
  await runOut(old);
  service.accessTokenLife = 300;

  await submit(page);
  await expect(await receiptHeading(page)).toHaveText('The value prod/renewed was stored');
  expect(service.refreshes - refreshes).toBe(1);
  expect(maia.writes.map((c) => [c.token === service.accessTokens.at(-1), c.token === old, c.status]), 'the new token at the first try').toEqual([[true, false, 201]]);
  expect(JSON.parse(maia.writes[0].body)).toEqual({ secret: { key: 'api key', name: 'prod/renewed', type: 'PASSWORD', value: { 'api key': secret } } });
  expect(claimsOf(maia.writes[0].token)).toMatchObject({ aud: resource, sub: 'ada' });
});

test('five tabs that submit at once with a token that ran out share one refresh', async ({ page, context, portal, service, maia }) => {
  service.accessTokenLife = 6;
  await signIn(page, portal.url);
  const tabs = [page, ...(await Promise.all([2, 3, 4, 5].map(() => context.newPage())))];
  for (const [i, tab] of tabs.entries()) await openForm(tab, portal, `prod/tab-${i}`);
  const old = service.refreshTokens.at(-1)!;
  const refreshes = service.refreshes;
  await runOut(service.accessTokens.at(-1)!);
  service.accessTokenLife = 300;

  // The provider answers when all five are under way.
  const release = service.hold();
  const submitted = Promise.all(tabs.map((tab) => submit(tab)));
  const watcher = await context.newPage();
  await expect(async () => {
    await watcher.goto(`${portal.url}/activity`);
    await expect(watcher.getByRole('row').filter({ hasText: 'Under way' })).toHaveCount(5, { timeout: 100 });
  }).toPass({ intervals: [50], timeout: 8_000 });
  release();
  await submitted;
  for (const [i, tab] of tabs.entries()) await expect(await receiptHeading(tab)).toHaveText(`The value prod/tab-${i} was stored`);
  expect(service.refreshes - refreshes).toBe(1);
  expect(maia.writes.map((c) => c.status)).toEqual([201, 201, 201, 201, 201]);
  expect(new Set(maia.writes.map((c) => c.token))).toEqual(new Set([service.accessTokens.at(-1)]));
  expect(service.count('grant revoked')).toBe(0);
  expect(await service.redeemable(service.refreshTokens.at(-1)!)).toBe(true);
  expect(await service.redeemable(old), 'it is used up').toBe(false);
});

test('a logout at the provider ends the session in the portal', async ({ page, context, portal, service }) => {
  await signIn(page, portal.url);
  await expect(page.getByRole('button', { name: /Account and sign-out/ })).toBeVisible();
  expect(await portal.sessions()).toHaveLength(1);

  const other = await context.newPage();
  await other.goto(`${service.issuer}/session/end`);
  await other.getByRole('button', { name: 'Sign out here' }).click();
  await expect(other.getByRole('heading', { name: 'Signed out here' })).toBeVisible();
  expect(service.events.filter((e) => e.startsWith('back-channel'))).toEqual(['back-channel logout']);

  expect(await portal.sessions()).toEqual([]);
  await page.goto(portal.url);
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  expect(page.url()).toContain(service.issuer);
});

test('a logout at the provider ends the sessions of that browser only', async ({ page, browser, portal, service }) => {
  await signIn(page, portal.url);
  const elsewhere = await browser.newContext({ javaScriptEnabled: false });
  const far = await elsewhere.newPage();
  await signIn(far, portal.url);
  await expect(far.getByRole('button', { name: /Account and sign-out/ })).toBeVisible();
  expect(await portal.sessions()).toHaveLength(2);

  await page.goto(`${service.issuer}/session/end`);
  await page.getByRole('button', { name: 'Sign out here' }).click();
  await expect(page.getByRole('heading', { name: 'Signed out here' })).toBeVisible();
  expect(await portal.sessions()).toHaveLength(1);
  await far.goto(portal.url);
  await expect(far.getByRole('button', { name: /Account and sign-out/ })).toBeVisible();
  await elsewhere.close();
});

test('a logout in the portal revokes the tokens, ends the login at the provider and comes back', async ({ page, portal, service }) => {
  await signIn(page, portal.url);
  await expect(page.getByRole('button', { name: /Account and sign-out/ })).toBeVisible();
  const refreshToken = service.refreshTokens.at(-1)!;
  expect(await service.redeemable(refreshToken)).toBe(true);

  await signOut(page);
  await expect(page.getByRole('heading', { name: 'Sign out?' })).toBeVisible();
  expect(await service.redeemable(refreshToken), 'revoked before the provider asks anything').toBe(false);
  expect(service.count('refresh token destroyed')).toBe(1);
  expect(service.count('grant revoked')).toBe(1);
  expect(await portal.sessions()).toEqual([]);

  await page.getByRole('button', { name: 'Sign out here' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(page).toHaveURL(`${portal.url}/signed-out`);
  expect(service.count('session ended')).toBe(1);

  await page.getByRole('link', { name: 'Sign in again' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true }), 'a password is asked for').toBeVisible();
});

test('a refresh token that was revoked while a form was open costs the secret and nothing else', async ({ page, portal, service, maia }) => {
  service.accessTokenLife = 4;
  await signIn(page, portal.url);
  const fields = await openForm(page, portal, 'prod/revoked');
  await runOut(service.accessTokens.at(-1)!);
  await service.revoke();
  service.accessTokenLife = 300;

  expect((await answerOf(page)).status()).toBe(401);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in again to continue');
  await expect(page.getByRole('main')).toContainText('nothing was created');
  expect(await page.content()).not.toContain(secret);
  expect(maia.writes).toEqual([]);

  await page.getByRole('link', { name: 'Sign in and go on' }).click();
  await allow(page); // the provider still knows who it is
  for (const [name, value] of Object.entries(fields)) await expect(field(page, name)).toHaveValue(value);
  await expect(field(page, 'valueText')).toHaveValue('');
  await field(page, 'valueText').fill(secret);
  await submit(page);
  await expect(await receiptHeading(page)).toHaveText('The value prod/revoked was stored');
  expect(maia.writes.map((c) => c.status)).toEqual([201]);
});

test('keys that the provider makes anew at a restart cost nobody the login', async ({ page, browser, portal, service, maia }) => {
  await signIn(page, portal.url);
  await openForm(page, portal, 'prod/new-keys');
  service.restart();

  // Maia does not take the old key's token any more: it is renewed, and the form goes through.
  expect((await answerOf(page)).status()).toBe(303);
  await expect(await receiptHeading(page)).toHaveText('The value prod/new-keys was stored');
  expect(maia.writes.map((c) => c.status)).toEqual([401, 201]);
  expect(service.refreshes).toBe(1);

  // Another login, right after: its ID token is signed by a key that the portal has not seen.
  service.restart();
  const other = await browser.newContext({ javaScriptEnabled: false });
  const tab = await other.newPage();
  await signIn(tab, portal.url);
  await other.close();
});

const json = (error: string) => ({ type: 'application/json', body: JSON.stringify({ error }) });

test('a used refresh token that is called an invalid request, as Dex does, costs the secret and nothing else', async ({ page, portal, service, maia }) => {
  service.accessTokenLife = 4;
  await signIn(page, portal.url);
  await openForm(page, portal, 'prod/dex');
  await runOut(service.accessTokens.at(-1)!);
  service.instead = { status: 400, ...json('invalid_request') };
  expect((await answerOf(page)).status()).toBe(401);
  await expect(page.getByRole('link', { name: 'Sign in and go on' })).toBeVisible();
  expect(maia.writes).toEqual([]);
});

for (const [what, instead] of Object.entries({
  'a gateway’s 403': { status: 403, type: 'text/html', body: '<h1>Forbidden</h1>' },
  'temporarily_unavailable': { status: 400, ...json('temporarily_unavailable') },
  'invalid_client': { status: 401, ...json('invalid_client') },
})) {
  test(`${what} at a refresh costs neither the login nor the form`, async ({ page, portal, service, maia }) => {
    service.accessTokenLife = 4;
    await signIn(page, portal.url);
    const fields = await openForm(page, portal, 'prod/stumble');
    await runOut(service.accessTokens.at(-1)!);
    service.instead = instead;
    expect((await answerOf(page)).status()).toBe(503);
    await expect(page.getByRole('main')).toContainText('Nothing was created');
    for (const [name, value] of Object.entries(fields)) await expect(field(page, name)).toHaveValue(value);

    service.instead = undefined;
    service.accessTokenLife = 300;
    await field(page, 'valueText').fill(secret);
    await submit(page);
    await expect(await receiptHeading(page)).toHaveText('The value prod/stumble was stored');
    expect(maia.writes.map((c) => c.status)).toEqual([201]);
  });
}

const clients = {
  'that signs its requests': (dir: string) => {
    const { pem, jwk } = clientKey();
    const file = join(dir, 'client.pem');
    writeFileSync(file, pem, { mode: 0o600 });
    return {
      client: { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', jwks: { keys: [jwk] } } as Partial<ClientMetadata>,
      settings: { PORTAL_OIDC_CLIENT_KEY_FILE: file },
    };
  },
  'without credentials': () => ({ client: { token_endpoint_auth_method: 'none' } as Partial<ClientMetadata>, settings: {} }),
};

for (const [what, make] of Object.entries(clients)) {
  test(`a client ${what} logs in, renews the token and logs out`, async ({ page, newPortal, dir, service, maia }) => {
    const { client, settings } = make(dir);
    const portal = await newPortal(client, settings);
    service.accessTokenLife = 4;
    await signIn(page, portal.url);
    await openForm(page, portal, 'prod/client');
    await runOut(service.accessTokens.at(-1)!);
    service.accessTokenLife = 300;
    await submit(page);
    await expect(await receiptHeading(page)).toHaveText('The value prod/client was stored');
    expect(service.refreshes).toBeGreaterThan(0);
    expect(maia.writes.map((c) => c.status)).toEqual([201]);

    await signOut(page);
    await page.getByRole('button', { name: 'Sign out here' }).click();
    await expect(page).toHaveURL(`${portal.url}/signed-out`);
    expect(await service.redeemable(service.refreshTokens.at(-1)!)).toBe(false);
  });
}

test('only members of an allowed group get in', async ({ page, newPortal, browser, service }) => {
  const client_secret = 'a-secret';
  const portal = await newPortal({ client_secret }, { PORTAL_OIDC_CLIENT_SECRET: client_secret, PORTAL_ALLOWED_GROUPS: 'maia-admins,maia-owners' });
  await signIn(page, portal.url + valueForm);
  await expect(field(page, 'name')).toBeVisible();

  const elsewhere = await browser.newContext({ javaScriptEnabled: false });
  const outsider = await elsewhere.newPage();
  const answer = outsider.waitForResponse((r) => r.url().startsWith(`${portal.url}/auth/callback`));
  await signIn(outsider, portal.url + valueForm, members.outsider);
  expect((await answer).status()).toBe(403);
  await expect(outsider.getByRole('heading', { level: 1 })).toHaveText('Your account may not use this portal');
  await expect(outsider.getByRole('main')).toContainText('Otto Brandt');
  await expect(outsider.getByRole('main')).toContainText('maia-admins');

  // Another account: the provider asks for a password although it knows who was here, and ends the
  // first one's login on the way.
  await outsider.getByRole('link', { name: 'Sign in with another account' }).click();
  await signInAtProvider(outsider, members.admin);
  await outsider.getByRole('button', { name: 'Continue' }).click();
  await allow(outsider);
  await expect(field(outsider, 'name')).toBeVisible();
  expect(service.count('grant authorization_code')).toBe(3);
  await elsewhere.close();
});

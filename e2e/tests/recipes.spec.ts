import { generateKeyPairSync } from 'node:crypto';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { asItIs, checkBox, choose, field, link, receiptHeading, referenceForm, submit, summary, valueForm } from '../support/pages.ts';

// What the secret is for is chosen first; the page then asks for the right things, and looks at them
// before it sends them.

const pem = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey;
const bare = pem.trimEnd();
const locked = generateKeyPairSync('rsa', {
  modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'horse' },
}).privateKey;

/** A service account's file of 50 KB: its key, and a lot that nobody needs. */
const account = JSON.stringify({
  type: 'service_account', project_id: 'loads', private_key_id: '12345678901234567890', private_key: pem, client_email: 'loads@example.com',
  notes: Array.from({ length: 540 }, (_, i) => `${i}: äöü€ 🔐 "quoted" \\ <&> `.padEnd(86, 'x')),
}, null, 2) + '\n';

/** Five deep, with numbers that no double holds. */
const deep = `{"a":{"b":{"c":{"d":{"e":12345678901234567890,"f":-98765432109876543210.12345678901234567890}}}},"list":[[[[10000000000000000001]]]]}`;

type Use = { title: string; enter: (page: Page) => Promise<void>; stored: string; type?: string };

const labelled = (page: Page, label: string) => page.getByRole('textbox', { name: label, exact: true });
const upload = (page: Page, name: string, text: string) => field(page, 'valueFile').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });

const uses: Record<string, Use> = {
  password: {
    title: 'A password or token', type: 'PASSWORD', stored: JSON.stringify({ password: '🔑 pässwörd 👩🏽‍💻' }),
    enter: (p) => labelled(p, 'Password or token').fill('🔑 pässwörd 👩🏽‍💻'),
  },
  'oauth-client': {
    title: 'An OAuth client', type: 'OAUTH_CLIENT_CREDENTIALS', stored: JSON.stringify({ clientId: 'b1946ac9', clientSecret: 's3~cr.et-_' }),
    enter: async (p) => {
      await labelled(p, 'Client id').fill('b1946ac9');
      await labelled(p, 'Client secret').fill('s3~cr.et-_');
    },
  },
  'snowflake-key': { title: 'A Snowflake key for an environment', stored: JSON.stringify({ privateKey: pem }), enter: (p) => labelled(p, 'Private key').fill(bare) },
  'snowflake-component-key': {
    title: 'A Snowflake key for a component', stored: JSON.stringify({ privateKey: locked, passphrase: 'horse' }),
    enter: async (p) => {
      await labelled(p, 'Private key').fill(locked);
      await labelled(p, 'Passphrase (optional)').fill('horse');
    },
  },
  'cloud-key': {
    title: 'A cloud access key', stored: JSON.stringify({ accessKeyId: 'AKIAIOSFODNN7', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }),
    enter: async (p) => {
      await labelled(p, 'Access key id').fill('AKIAIOSFODNN7');
      await labelled(p, 'Secret access key').fill('wJalrXUtnFEMI/K7MDENG');
    },
  },
  'private-key': {
    title: 'An SSH or TLS private key', stored: JSON.stringify({ privateKey: pem }),
    enter: async (p) => {
      await choose(p, 'valueFormat', 'file');
      await upload(p, 'server.key', pem);
    },
  },
  'service-account': { title: 'A service account’s JSON file', stored: JSON.stringify({ serviceAccount: account }), enter: (p) => upload(p, 'loads-1234.json', account) },
};

for (const [id, use] of Object.entries(uses)) {
  test(`${use.title}: chosen on the page, entered, stored in the shape of its use`, async ({ admin, sandbox }) => {
    await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name: `use/${id}` }));
    await admin.getByRole('link', { name: use.title }).click();
    await expect(admin).toHaveURL((url) => url.searchParams.get('recipe') === id && url.searchParams.get('name') === `use/${id}`);
    if (use.type) await expect(field(admin, 'type')).toHaveValue(use.type);
    await expect(checkBox(admin)).toBeChecked();
    await use.enter(admin);
    await submit(admin);
    await expect(await receiptHeading(admin)).toHaveText(`The value use/${id} was stored`);
    const stored = await sandbox.vault(sandbox.agent('AWS'), `use/${id}`);
    expect(stored.toString(), 'byte for byte').toBe(use.stored);
    expect((await sandbox.writes())[0].request).toMatchObject({ secret: use.type ? { type: use.type } : {} });
  });
}

test('a PEM key of 28 lines, JSON five deep with 20 digits and a file of 50 KB arrive byte for byte', async ({ admin, sandbox }) => {
  expect(bare.split('\n')).toHaveLength(28);
  expect(account.length).toBeGreaterThan(48_000);
  const send = async (name: string, format: 'text' | 'json' | 'file', enter: () => Promise<void>) => {
    await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name }));
    await choose(admin, 'valueFormat', format);
    await enter();
    await submit(admin);
    await expect(await receiptHeading(admin)).toHaveText(`The value ${name} was stored`);
    return (await sandbox.vault(sandbox.agent('AWS'), name)).toString();
  };
  expect(await send('pem', 'text', () => field(admin, 'valueText').fill(pem))).toBe(JSON.stringify({ password: pem }));
  expect(await send('deep', 'json', () => field(admin, 'valueJSON').fill(deep))).toBe(deep);
  expect(await send('account', 'file', () => upload(admin, 'a.json', account))).toBe(JSON.stringify({ password: account }));
});

test('what looks odd is told once, at its field, with the value gone and the box unticked', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { recipe: 'oauth-client', agentId: sandbox.agent('AWS'), name: 'odd' }));
  await labelled(admin, 'Client id').fill('b1946ac9 ');
  await labelled(admin, 'Client secret').fill('changeme');
  await submit(admin);
  await expect(admin).toHaveTitle(/^Error: /);
  await expect(summary(admin)).toBeFocused();
  await expect(summary(admin)).toContainText('The value looks wrong and was not sent');
  await summary(admin).getByRole('link', { name: /It ends with a space/ }).click();
  const id = labelled(admin, 'Client id');
  await expect(id).toBeFocused();
  await expect(id).toHaveValue('');
  await expect(id).toHaveAttribute('aria-invalid', 'true');
  await expect(id).toHaveAccessibleDescription(/It ends with a space/);
  await expect(labelled(admin, 'Client secret')).toHaveAccessibleDescription(/placeholder/);
  await expect(checkBox(admin)).not.toBeChecked();
  expect(await sandbox.writes()).toHaveLength(0);

  await id.fill('b1946ac9 ');
  await labelled(admin, 'Client secret').fill('changeme');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value odd was stored');
  expect((await sandbox.vault(sandbox.agent('AWS'), 'odd')).toString()).toBe('{"clientId":"b1946ac9 ","clientSecret":"changeme"}');
});

test('a key that is not right for its use is refused, and the way out is named', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { recipe: 'private-key', agentId: sandbox.agent('AWS'), name: 'no-key' }));
  await labelled(admin, 'Private key').fill('hunter2');
  await asItIs(admin);
  await submit(admin);
  await expect(summary(admin)).toContainText('This is not a private key in PEM form');
  await expect(summary(admin)).toContainText('store it as “Anything else”');
  await admin.getByRole('link', { name: 'Change what it is for' }).click();
  await expect(field(admin, 'name')).toHaveValue('no-key');
  await expect(admin.getByRole('link', { name: 'An OAuth client' })).toBeVisible();
});

test('the line break that was added is told on the receipt', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { recipe: 'snowflake-key', agentId: sandbox.agent('AWS'), name: 'sf' }));
  await labelled(admin, 'Private key').fill(bare);
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value sf was stored');
  await expect(admin.getByRole('main')).toContainText('after the key’s END line was added');
  await expect(admin.getByRole('main')).toContainText('stored as plain line feeds');
});

test('a hosted reference takes a recipe, too', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'OAUTH', agentId: sandbox.agent('Matillion hosted') }));
  await choose(admin, 'agentType', 'Matillion hosted');
  await admin.getByRole('link', { name: 'An OAuth client' }).click();
  await labelled(admin, 'Client id').fill('b1946ac9');
  await labelled(admin, 'Client secret').fill('s3cret');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference OAUTH was created');
  expect((await sandbox.hosted(sandbox.project(), 'OAUTH')).toString()).toBe('{"clientId":"b1946ac9","clientSecret":"s3cret"}');
});

test('properties of other names are one link away', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { recipe: 'cloud-key', agentId: sandbox.agent('AWS'), name: 'cloud' }));
  await admin.getByRole('link', { name: 'Enter them as pairs' }).click();
  await expect(admin.getByLabel('Property 1, name')).toHaveValue('accessKeyId');
  await admin.getByLabel('Property 1, name').fill('aws_access_key_id');
  await admin.getByLabel('Property 1, value').fill('AKIA');
  await admin.getByLabel('Property 2, value').fill('secret/1');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value cloud was stored');
  expect((await sandbox.vault(sandbox.agent('AWS'), 'cloud')).toString()).toBe('{"aws_access_key_id":"AKIA","secretAccessKey":"secret/1"}');
});

test('an Azure name that cannot be is told before it is sent, with one that would do', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'DB', agentType: 'Azure', vaultName: 'contoso-kv', secretName: 'DB_PASSWORD' }));
  await submit(admin);
  await expect(field(admin, 'secretName')).toHaveAccessibleDescription(/DB-PASSWORD would do/);
  await field(admin, 'secretName').fill('DB-PASSWORD');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference DB was created');
});

import { generateKeyPairSync } from 'node:crypto';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { asItIs, choose, field, link, pick, receiptHeading, recorded, referenceForm, requestsFrom, submit, unfold, valueForm } from '../support/pages.ts';
import type { Sandbox } from '../support/sandbox.ts';

const pem = generateKeyPairSync('rsa', { modulusLength: 4096, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey;

/** Stores what is in the form, and reads it back from the agent's vault. */
async function stored(page: Page, sandbox: Sandbox, name: string, agent = sandbox.agent('AWS')): Promise<Buffer> {
  // Most of these values look odd, and are meant to be as they are.
  await asItIs(page);
  await submit(page);
  await expect(await receiptHeading(page)).toHaveText(`The value ${name} was stored`);
  return sandbox.vault(agent, name);
}

/** Fills in a field. Chromium takes seconds to insert a long text piece by piece, so that is there at once. */
async function enter(control: Locator, text: string): Promise<void> {
  if (text.length < 10_000) await control.fill(text);
  else await control.evaluate((e: HTMLTextAreaElement, value) => (e.value = value), text);
}

/** The one property of a stored object, as bytes. */
function only(value: Buffer, key = 'password'): Buffer {
  const object = JSON.parse(value.toString('utf8')) as Record<string, string>;
  expect(Object.keys(object)).toEqual([key]);
  return Buffer.from(object[key], 'utf8');
}

async function pairs(page: Page, rows: [string, string][]): Promise<void> {
  for (const [i, [key, value]] of rows.entries()) {
    await page.getByLabel(`Property ${i + 1}, name`).fill(key);
    await page.getByLabel(`Property ${i + 1}, value`).fill(value);
  }
}

test.beforeEach(async ({ admin, sandbox }, info) => {
  await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name: `e2e/${info.testId}` }));
});

const name = () => `e2e/${test.info().testId}`;

const texts: Record<string, string> = {
  'a PEM key of many lines': pem,
  'unicode, emoji and combining marks': 'Pässwörd 密码 пароль 🔐👩🏽‍💻 e\u0301 \u200b\u202e\ufeff',
  'quotes, backslashes and markup': `"'\`\\ \\n &amp; <b>&</b> </textarea><script>alert(1)</script> %0A %00 + {{.}} \${x}`,
  'blanks and tabs at both ends': ' \t leading and trailing \t ',
  'a line break at the beginning and several at the end': '\nfirst line\n\n\n',
  'a single blank': ' ',
  'nearly as much as AWS takes': Array.from({ length: 600 }, (_, i) => `${i} äöü€ `.padEnd(95, '0123456789')).join('\n'),
};

for (const [what, text] of Object.entries(texts)) {
  test(`text arrives as typed: ${what}`, async ({ admin, sandbox }) => {
    await enter(field(admin, 'valueText'), text);
    const value = await stored(admin, sandbox, name());
    expect(only(value).equals(Buffer.from(text)), 'byte for byte').toBe(true);
  });
}

test('text that is typed key by key arrives with LF', async ({ admin, sandbox }) => {
  await field(admin, 'valueText').pressSequentially('two\nlines');
  expect(only(await stored(admin, sandbox, name())).toString()).toBe('two\nlines');
});

test('the receipt says where the value is, and never what it is', async ({ admin, sandbox }) => {
  await unfold(admin);
  await field(admin, 'type').fill('OAUTH_CLIENT_CREDENTIALS');
  await pick(admin, 'projectId', sandbox.project());
  await field(admin, 'key').fill('client secret');
  await field(admin, 'valueText').fill('only for the vault');
  const value = await stored(admin, sandbox, name());
  expect(value.toString()).toBe('{"client secret":"only for the vault"}');

  await expect(recorded(admin, 'Secret name').first()).toHaveText(name());
  await expect(recorded(admin, 'Resolver reference')).toHaveText(`vault:aws:${name()}#client secret`);
  await expect(recorded(admin, 'Agent')).toHaveText(sandbox.agent('AWS'));
  await expect(recorded(admin, 'Secret type')).toHaveText('OAUTH_CLIENT_CREDENTIALS');
  expect(await admin.content()).not.toContain('only for the vault');

  const [call] = await sandbox.writes();
  expect(call.query).toBe(`projectId=${sandbox.project()}`);
  expect(call.request).toEqual({ secret: { name: name(), key: 'client secret', type: 'OAUTH_CLIENT_CREDENTIALS' } });

  await admin.getByRole('link', { name: 'Create the reference' }).click();
  await expect(field(admin, 'secretName')).toHaveValue(name());
  await expect(field(admin, 'secretKey')).toHaveValue('client secret');
  await expect(field(admin, 'projectId')).toHaveValue(sandbox.project());
});

test('a vault’s own name for the secret stands on the receipt, and goes into the reference', async ({ admin, sandbox }) => {
  await pick(admin, 'agentId', sandbox.agent('Azure'));
  await field(admin, 'name').fill('demo-renamed');
  await field(admin, 'valueText').fill('x');
  await asItIs(admin);
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value demo-renamed was stored');
  await expect(recorded(admin, 'Name in the vault')).toHaveText('demo-renamed-in-the-vault');
  await admin.getByRole('link', { name: 'Create the reference' }).click();
  await expect(field(admin, 'secretName')).toHaveValue('demo-renamed-in-the-vault');
});

test('what its vault does not take is told, and what the vault says of it is explained', async ({ admin, sandbox }) => {
  await pick(admin, 'agentId', sandbox.agent('Azure'));
  await field(admin, 'name').fill('prod/snowflake_pw');
  await field(admin, 'valueText').fill('x');
  await submit(admin);
  await expect(field(admin, 'name')).toHaveAccessibleDescription(/prod-snowflake-pw would do/);
  expect(await sandbox.writes()).toEqual([]);

  // Who insists hears it from the vault.
  await field(admin, 'valueText').fill('x');
  await submit(admin);
  await expect(field(admin, 'name')).toHaveAccessibleDescription(/BadParameter/);
  await expect(admin.getByRole('main')).toContainText('does not take a secret of this name');
  await field(admin, 'name').fill('prod-snowflake-pw');
  await field(admin, 'valueText').fill('x');
  expect(JSON.parse((await stored(admin, sandbox, 'prod-snowflake-pw', sandbox.agent('Azure'))).toString())).toEqual({ password: 'x' });
});

test('text arrives as typed: more than 100 KB, where no vault sets a limit', async ({ admin, sandbox }) => {
  const text = Array.from({ length: 1100 }, (_, i) => `${i} äöü€ `.padEnd(100, '0123456789')).join('\n');
  const agent = sandbox.agent('Matillion hosted');
  await admin.goto(link(valueForm, { agentId: agent, name: name() }));
  await enter(field(admin, 'valueText'), text);
  expect(only(await stored(admin, sandbox, name(), agent)).equals(Buffer.from(text)), 'byte for byte').toBe(true);
});

test('pairs arrive in their order, without the row that was emptied again', async ({ admin, sandbox }) => {
  await choose(admin, 'valueFormat', 'pairs');
  await pairs(admin, [['zeta', 'last letter first'], ['wrong', 'to be taken out'], ['private key', pem], ['10', ' blanks '], ['2', '"quotes" <&> 🔑']]);
  await pairs(admin, [['zeta', 'last letter first'], ['', '']]);
  const value = await stored(admin, sandbox, name());
  expect(value.toString()).toBe(`{"zeta":"last letter first","private key":${JSON.stringify(pem)},"10":" blanks ","2":"\\"quotes\\" <&> 🔑"}`);
});

test('a row for another pair is there as soon as one is begun, and Tab leads to it', async ({ admin }) => {
  await choose(admin, 'valueFormat', 'pairs');
  const rows = () => admin.locator('[name="pairKey"]').evaluateAll((all) => all.filter((e) => e.checkVisibility()).length);
  expect(await rows()).toBe(1);
  await admin.getByLabel('Property 1, name').pressSequentially('a');
  expect(await rows()).toBe(3);
  await admin.keyboard.press('Tab');
  await admin.keyboard.type('1');
  await admin.keyboard.press('Tab');
  await expect(admin.getByLabel('Property 2, name')).toBeFocused();
});

test('a click on the button right after the last row was emptied is not lost', async ({ admin, sandbox }) => {
  await choose(admin, 'valueFormat', 'pairs');
  await pairs(admin, [['a', '1'], ['b', '2'], ['', '']]);
  await admin.getByLabel('Property 3, name').pressSequentially('c');
  await admin.keyboard.press('Backspace');
  expect((await stored(admin, sandbox, name())).toString()).toBe('{"a":"1","b":"2"}');
});

test('more rows are to be had by a link, which keeps the fields that are not secret', async ({ admin, sandbox }) => {
  await choose(admin, 'valueFormat', 'pairs');
  const before = await admin.locator('[name="pairKey"]').count();
  await admin.getByRole('link', { name: 'Reload with more rows' }).click();
  await expect(field(admin, 'name')).toHaveValue(name());
  const after = await admin.locator('[name="pairKey"]').count();
  expect(after).toBeGreaterThan(before);

  await choose(admin, 'valueFormat', 'pairs');
  const all: [string, string][] = Array.from({ length: after }, (_, i) => [`k${after - i}`, `v${i}`]);
  await pairs(admin, all);
  const text = (await stored(admin, sandbox, name())).toString();
  expect(text).toBe(`{${all.map(([k, v]) => `"${k}":"${v}"`).join(',')}}`);
});

test('JSON arrives as written: numbers digit for digit, order, blanks and escapes', async ({ admin, sandbox }) => {
  const json = '{ "z": 12345678901234567890.000100,\n  "a": 1e400, "b": -0, "esc": "\\u00e4\\/\\n", "nested": {"list": [0.10, null, true, "🔐"]},\n\t"pem": ' + JSON.stringify(pem) + ' }';
  await choose(admin, 'valueFormat', 'json');
  await field(admin, 'valueJSON').fill(json);
  // JSON's own blanks, outside of texts, mean nothing.
  const value = (await stored(admin, sandbox, name())).toString();
  for (const digits of ['12345678901234567890.000100', '1e400', '-0', '0.10']) expect(value).toContain(digits);
  const withoutBlanks = (text: string) => text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
  expect(withoutBlanks(value)).toBe(withoutBlanks(json));
});

test('with JSON, the key names one of its properties', async ({ admin, sandbox }) => {
  await choose(admin, 'valueFormat', 'json');
  await field(admin, 'valueJSON').fill('{"user":"u","pass":"p"}');
  await unfold(admin);
  await field(admin, 'key').fill('pass');
  await stored(admin, sandbox, name());
  expect((await sandbox.writes())[0].request).toEqual({ secret: { name: name(), key: 'pass' } });
});

test('a file arrives untouched: CRLF, no line end at its end, a name beyond ASCII', async ({ admin, sandbox }) => {
  const content = Buffer.from('\ufeff-----BEGIN TEST-----\r\nä€🔐\r\n\tlone\rCR\n\r\n -----END TEST----- \r\nno end');
  await choose(admin, 'valueFormat', 'file');
  await field(admin, 'valueFile').setInputFiles({ name: 'Schlüssel "für" 鍵.pem', mimeType: 'application/x-pem-file', buffer: content });
  const value = only(await stored(admin, sandbox, name()));
  expect(value.equals(content), 'byte for byte').toBe(true);
  await expect(admin.getByRole('main')).not.toContainText('Schlüssel');
});

test('a file that looks like a part of the form’s own encoding arrives untouched', async ({ admin, sandbox }) => {
  const content = Buffer.from('------WebKitFormBoundaryAAAAAAAAAAAAAAAA\r\nContent-Disposition: form-data; name="name"\r\n\r\nother\r\n------WebKitFormBoundaryAAAAAAAAAAAAAAAA--\r\n');
  await choose(admin, 'valueFormat', 'file');
  await field(admin, 'valueFile').setInputFiles({ name: 'dump.txt', mimeType: 'text/plain', buffer: content });
  expect(only(await stored(admin, sandbox, name())).equals(content)).toBe(true);
});

test('only the chosen format counts', async ({ admin, sandbox }) => {
  await field(admin, 'valueText').fill('not this');
  await choose(admin, 'valueFormat', 'file');
  await field(admin, 'valueFile').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('nor this') });
  await choose(admin, 'valueFormat', 'json');
  await field(admin, 'valueJSON').fill('{"but":"this"}');
  expect((await stored(admin, sandbox, name())).toString()).toBe('{"but":"this"}');
});

test('switching the format keeps what was typed, asks nothing, and hides the other fields', async ({ admin }) => {
  const requests = requestsFrom(admin);
  const fields = { text: 'valueText', pairs: 'pairValue', json: 'valueJSON', file: 'valueFile' };
  for (const [format, own] of Object.entries(fields)) {
    await choose(admin, 'valueFormat', format);
    for (const other of Object.values(fields)) await expect(field(admin, other), `${other} at ${format}`).toBeVisible({ visible: other === own });
    if (format !== 'file') await field(admin, own).fill(`{"typed":"${format}"}`);
  }
  for (const format of ['json', 'pairs', 'text'] as const) {
    await choose(admin, 'valueFormat', format);
    await expect(field(admin, fields[format])).toHaveValue(`{"typed":"${format}"}`);
  }
  expect(requests).toEqual([]);
});

test('a hosted reference takes pairs, JSON and a file as well', async ({ admin, sandbox }) => {
  const fill: Record<string, () => Promise<void>> = {
    pairs: () => pairs(admin, [['user', 'u'], ['key', 'line 1\nline 2']]),
    json: () => field(admin, 'valueJSON').fill('{"n": 1.10}'),
    file: () => field(admin, 'valueFile').setInputFiles({ name: 'k.pem', mimeType: 'text/plain', buffer: Buffer.from('a\r\nb') }),
  };
  const want: Record<string, string> = { pairs: '{"user":"u","key":"line 1\\nline 2"}', json: '{"n": 1.10}', file: '{"password":"a\\r\\nb"}' };
  for (const [format, enter] of Object.entries(fill)) {
    await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: `HOSTED_${format}`, agentType: 'Matillion hosted', agentId: sandbox.agent('Matillion hosted') }));
    await choose(admin, 'valueFormat', format);
    await enter();
    await submit(admin);
    await expect(await receiptHeading(admin)).toHaveText(`The reference HOSTED_${format} was created`);
    const value = (await sandbox.hosted(sandbox.project(), `HOSTED_${format}`)).toString();
    expect(value, format).toBe(want[format]);
  }
});

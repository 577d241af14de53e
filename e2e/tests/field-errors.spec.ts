import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { answerOf, asItIs, choose, field, fillAll, formData, link, post, receiptHeading, referenceForm, signInAt, submit, summary, valueForm } from '../support/pages.ts';

/** Each line of the summary leads to a field that says the same. */
async function expectErrorsAt(page: Page, ids: string[]): Promise<void> {
  await expect(page).toHaveTitle(/^Error: /);
  await expect(summary(page)).toBeFocused();
  const links = summary(page).getByRole('link');
  expect(await links.evaluateAll((all) => all.map((a) => a.getAttribute('href')))).toEqual(ids.map((id) => `#${id}`));
  for (const [i, id] of ids.entries()) {
    const message = (await links.nth(i).textContent())!;
    await links.nth(i).click();
    const control = page.locator(`#${id}`);
    await expect(control, 'the link puts the focus into the field').toBeFocused();
    await expect(control).toHaveAccessibleDescription(new RegExp(message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    if ((await control.getAttribute('type')) !== 'radio') await expect(control).toHaveAttribute('aria-invalid', 'true');
  }
  await expect(page.locator('[aria-invalid="true"]')).toHaveCount(ids.length);
}

test('an empty reference form: every field that is needed says so, in the form’s order', async ({ admin, sandbox }) => {
  await admin.goto(referenceForm);
  expect((await answerOf(admin)).status()).toBe(422);
  await expectErrorsAt(admin, ['projectId', 'secretReferenceName', 'agentType-AWS']);

  for (const [type, ids] of Object.entries({ AWS: ['secretName'], Azure: ['vaultName', 'secretName'], 'Matillion hosted': ['agentId', 'valueText'] })) {
    await admin.goto(link(referenceForm, { agentType: type }));
    await submit(admin);
    await expectErrorsAt(admin, ['projectId', 'secretReferenceName', ...ids]);
  }
  expect(await sandbox.writes(), 'nothing of it reaches Maia').toEqual([]);
});

test('an empty value form: every field that is needed says so', async ({ admin }) => {
  for (const [format, id] of Object.entries({ text: 'valueText', pairs: 'pairKey-1', json: 'valueJSON', file: 'valueFile' })) {
    await admin.goto(link(valueForm, { valueFormat: format }));
    expect((await answerOf(admin)).status()).toBe(422);
    await expectErrorsAt(admin, ['agentId', 'name', id]);
    await expect(admin.locator(`[name="valueFormat"][value="${format}"]`)).toBeChecked();
  }
});

test('the keyboard goes from the summary to its first field', async ({ admin, sandbox }) => {
  await admin.goto(valueForm);
  await submit(admin);
  await expect(summary(admin)).toBeFocused();
  await admin.keyboard.press('Tab');
  await expect(summary(admin).getByRole('link').first()).toBeFocused();
  await admin.keyboard.press('Enter');
  await expect(field(admin, 'agentId')).toBeFocused();
  await admin.keyboard.type('azure-aks-eu');
  await expect(field(admin, 'agentId'), 'chosen at once').toHaveValue(sandbox.agent('Azure'));
});

test('what was entered comes back, but for the secret, and the page says so', async ({ admin, context }) => {
  const fields = { agentId: 'not an id', projectId: 'Finance', name: 'prod/"x" <&>', type: 'PASSWORD', key: 'a & b' };
  await admin.goto(valueForm);
  await asItIs(admin);
  await fillAll(admin, { ...fields, valueText: 'secret-that-goes' });
  await submit(admin);
  // Each message stands at the control that was used.
  await expectErrorsAt(admin, ['otherAgentId', 'otherProjectId']);
  for (const [name, value] of Object.entries({ ...fields, agentId: '', projectId: '', otherAgentId: fields.agentId, otherProjectId: fields.projectId })) await expect(field(admin, name), name).toHaveValue(value);
  await expect(field(admin, 'valueText')).toHaveValue('');
  await expect(summary(admin)).toContainText('The secret was not kept. Enter it again.');
  await expect(field(admin, 'valueText'), 'at the field, too').toHaveAccessibleDescription(/The secret was not kept/);
  expect(await admin.content()).not.toContain('secret-that-goes');
  expect(JSON.stringify(await context.cookies())).not.toContain('secret-that-goes');
});

test('nothing is said of a secret where none was entered', async ({ admin }) => {
  await admin.goto(valueForm);
  await submit(admin);
  await expect(summary(admin)).toBeFocused();
  await expect(admin.getByText('The secret was not kept')).toHaveCount(0);
});

test('the names of the pairs come back in their rows, the values do not', async ({ admin }) => {
  await admin.goto(link(valueForm, { valueFormat: 'pairs' }));
  for (const [i, [key, value]] of [['user', 'u1-secret'], ['', ''], ['pass', 'p3-secret']].entries()) {
    await admin.getByLabel(`Property ${i + 1}, name`).fill(key);
    await admin.getByLabel(`Property ${i + 1}, value`).fill(value);
  }
  await submit(admin);
  await expect(summary(admin)).toBeFocused();
  await expect(admin.getByLabel('Property 1, name')).toHaveValue('user');
  await expect(admin.getByLabel('Property 2, name')).toHaveValue('');
  await expect(admin.getByLabel('Property 3, name')).toHaveValue('pass');
  await expect(admin.getByLabel('Property 3, name')).toBeVisible();
  for (const row of [1, 2, 3]) await expect(admin.getByLabel(`Property ${row}, value`)).toHaveValue('');
  expect(await admin.content()).not.toMatch(/u1-secret|p3-secret/);
});

test('names and ids: what is wrong, and what would do', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: 'Finance – nightly load', secretReferenceName: 'my secret.name', agentType: 'AWS', secretName: 'x', description: 'ä'.repeat(257) }));
  await submit(admin);
  await expectErrorsAt(admin, ['projectId', 'secretReferenceName', 'description']);
  await expect(field(admin, 'secretReferenceName')).toHaveAccessibleDescription(/my_secret_name would do/);
  await expect(field(admin, 'projectId')).toHaveAccessibleDescription(/not its name/);
  await expect(field(admin, 'description')).toHaveAccessibleDescription(/up to 256 characters/);

  await fillAll(admin, { projectId: ` ${sandbox.project()}\t`, secretReferenceName: 'my_secret_name', description: 'ä'.repeat(256) });
  await submit(admin);
  await expect(await receiptHeading(admin), 'blanks around a copied id do no harm').toHaveText('The reference my_secret_name was created');
});

const wrongJSON: Record<string, [json: string, message: RegExp]> = {
  'not JSON': ['{"user": "hidden-a",\n  "pass": hidden-b}', /Line 2, column 11/],
  'no object': ['["hidden-a"]', /Line 1, column 1: a JSON object is expected/],
  'an unquoted name': ['{hiddenname: 1}', /Line 1, column 2: a name in double quotes/],
  'the same name twice': ['{"a": 1,\n "n": {"x": "hidden-a", "x": "hidden-b"}}', /Line 2, column \d+: this name occurs twice in the object/],
  'something behind it': ['{"a": 1} hidden-b', /nothing may follow/],
  'cut off': ['{"a": "hidden-b', /ends too early/],
  'no property': ['{}', /empty/],
};
for (const [what, [json, message]] of Object.entries(wrongJSON)) {
  test(`JSON: ${what} is told by its place, never by its content`, async ({ admin, sandbox }) => {
    await admin.goto(link(valueForm, { valueFormat: 'json', agentId: sandbox.agent('AWS'), name: 'x' }));
    await field(admin, 'valueJSON').fill(json);
    await submit(admin);
    await expectErrorsAt(admin, ['valueJSON']);
    await expect(field(admin, 'valueJSON')).toHaveAccessibleDescription(message);
    expect(await admin.content()).not.toMatch(/hidden-[ab]|hiddenname/);
    expect(await sandbox.writes()).toEqual([]);
  });
}

const wrongPairs: Record<string, [rows: [string, string][], ids: string[]]> = {
  'a name twice': [[['a', 'v1'], ['a', 'v2']], ['pairKey-2']],
  'a value without a name': [[['a', 'v1'], ['', 'v2']], ['pairKey-2']],
  'a name without a value': [[['a', ''], ['b', 'v2']], ['pairValue-1']],
};
for (const [what, [rows, ids]] of Object.entries(wrongPairs)) {
  test(`pairs: ${what} is told in its row`, async ({ admin, sandbox }) => {
    await admin.goto(link(valueForm, { valueFormat: 'pairs', agentId: sandbox.agent('AWS'), name: 'x' }));
    for (const [i, [key, value]] of rows.entries()) {
      await admin.getByLabel(`Property ${i + 1}, name`).fill(key);
      await admin.getByLabel(`Property ${i + 1}, value`).fill(value);
    }
    await submit(admin);
    await expectErrorsAt(admin, ids);
  });
}

test('the property that a pipeline gets has to be one of those that were entered', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { valueFormat: 'json', agentId: sandbox.agent('AWS'), name: 'x', key: 'Pass' }));
  await field(admin, 'valueJSON').fill('{"pass": "p"}');
  await submit(admin);
  await expectErrorsAt(admin, ['key']);
});

const wrongFiles: Record<string, [content: Buffer, message: RegExp]> = {
  'an empty file': [Buffer.alloc(0), /empty/],
  'binary data': [Buffer.from([0x30, 0x82, 0xff, 0xfe, 0x80]), /not text in UTF-8/],
  'a NUL character': [Buffer.from('a\0b'), /NUL/],
  'more than 256 KiB': [Buffer.alloc(256 * 1024 + 1, 'x'), /larger than 256 KiB/],
};
for (const [what, [content, message]] of Object.entries(wrongFiles)) {
  test(`file: ${what} is refused`, async ({ admin, sandbox }) => {
    await admin.goto(link(valueForm, { valueFormat: 'file', agentId: sandbox.agent('AWS'), name: 'x' }));
    await field(admin, 'valueFile').setInputFiles({ name: 'x.bin', mimeType: 'application/octet-stream', buffer: content });
    await submit(admin);
    await expectErrorsAt(admin, ['valueFile']);
    await expect(field(admin, 'valueFile')).toHaveAccessibleDescription(message);
    expect(await sandbox.writes()).toEqual([]);
  });
}

test('the dots of a masked field, copied and pasted, are refused', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name: 'x' }));
  await field(admin, 'valueText').fill('••••••\n••••');
  await submit(admin);
  await expectErrorsAt(admin, ['valueText']);
  await expect(field(admin, 'valueText')).toHaveAccessibleDescription(/dots of a masked field/);
  expect(await sandbox.writes()).toEqual([]);
});

test('256 KiB are taken', async ({ admin, sandbox }) => {
  // The vaults of AWS and Azure take less.
  const agent = sandbox.agent('Matillion hosted');
  await admin.goto(link(valueForm, { valueFormat: 'file', agentId: agent, name: 'prod/large' }));
  const content = Buffer.alloc(256 * 1024, '"\\\n');
  await field(admin, 'valueFile').setInputFiles({ name: 'x.txt', mimeType: 'text/plain', buffer: content });
  await asItIs(admin); // the check knows that values are kept by references there
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value prod/large was stored');
  expect(JSON.parse((await sandbox.vault(agent, 'prod/large')).toString()).password).toBe(content.toString());
});

test('a request of more than 1 MiB gets a page that says so, not a broken connection', async ({ admin }) => {
  await admin.goto(link(valueForm, { valueFormat: 'file', name: 'x' }));
  await field(admin, 'valueFile').setInputFiles({ name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.alloc(3 << 20, 'x') });
  expect((await answerOf(admin)).status()).toBe(413);
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('The form is too large');
  await expect(admin.getByRole('main')).toContainText('Nothing was sent to Maia');
});

test('one user’s submissions are limited, and the page says how long to wait', async ({ page: admin, account, newPortal, sandbox }) => {
  const fields = { projectId: sandbox.project(), secretReferenceName: 'demo-conflict', agentType: 'AWS', secretName: 'prod/x' };
  // So few that no machine is slow enough for another one to be allowed meanwhile.
  const url = await newPortal({ PORTAL_SUBMISSIONS_PER_MINUTE: '1' });
  await signInAt(admin, url + link(referenceForm, fields), account('admin'));
  await expect(admin).toHaveURL(url + link(referenceForm, fields));
  const form = await formData(admin);
  expect((await post(admin, '/secret-references', form)).status()).toBe(409);
  expect((await post(admin, '/secret-references', form)).status()).toBe(429);
  const sent = (await sandbox.writes()).length;

  const refused = await answerOf(admin);
  expect(refused.status()).toBe(429);
  expect(Number(refused.headers()['retry-after'])).toBeGreaterThan(0);
  await expect(summary(admin)).toBeFocused();
  await expect(summary(admin)).toContainText(/Too many submissions: wait .*Nothing was sent now/s);
  await expect(field(admin, 'secretName')).toHaveValue('prod/x');
  expect((await sandbox.writes()).length).toBe(sent);
});

test('what another site’s page sends is refused', async ({ admin, context, sandbox }) => {
  await admin.goto(referenceForm);
  const { formToken } = await formData(admin);
  const evil = await context.newPage();
  await evil.route('http://localhost:1/', (route) => route.fulfill({
    contentType: 'text/html',
    body: `<form method="post" action="${new URL('/secret-references', admin.url())}"><input name="formToken" value="${formToken}"><input name="projectId" value="${sandbox.project()}">
      <input name="secretReferenceName" value="FORGED"><input name="agentType" value="AWS"><input name="secretName" value="x"><button>Win</button></form>`,
  }));
  await evil.goto('http://localhost:1/');
  await evil.getByRole('button', { name: 'Win' }).click();
  await expect(evil.getByRole('heading', { level: 1 })).toHaveText('The portal’s own page did not send this');
  expect(await sandbox.writes()).toEqual([]);
});

test('a form that was made for somebody else is refused', async ({ admin, newBrowser, sandbox }) => {
  await admin.goto(referenceForm);
  const { formToken } = await formData(admin);
  const grace = await newBrowser();
  await grace.goto(referenceForm);
  await grace.getByLabel('Username').fill('grace');
  await grace.getByLabel('Password').fill('grace-password');
  await grace.getByRole('button', { name: 'Sign in' }).click();
  await expect(field(grace, 'projectId')).toBeVisible();
  await choose(grace, 'agentType', 'AWS');
  const answer = await post(grace, '/secret-references', { formToken, projectId: sandbox.project(), secretReferenceName: 'X', agentType: 'AWS', secretName: 'x' });
  expect(answer.status()).toBe(403);
  expect(await answer.text()).toContain('This form was not made for you');
  expect(await sandbox.writes()).toEqual([]);
});

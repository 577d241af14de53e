import { expect, test } from '../support/test.ts';
import { field, fillAll, link, pick, receiptHeading, recorded, referenceForm, signInAt, submit, summary, valueForm } from '../support/pages.ts';
import type { Sandbox } from '../support/sandbox.ts';

// From the link in the wiki to a name that pipelines can use, and from every accident on the way to a good end.

const setupForm = '/setup';
const secret = 'kept by the vault alone';

type Kind = 'AWS' | 'Azure' | 'Matillion hosted';

const fieldsOf = (sandbox: Sandbox, kind: Kind, name: string): Record<string, string> => ({
  projectId: sandbox.project(), agentId: sandbox.agent(kind), secretReferenceName: name,
  ...(kind === 'Azure' ? { vaultName: 'contoso-kv', name: name.replaceAll('_', '-') } : {}),
  ...(kind === 'Matillion hosted' ? { agentType: kind } : {}),
});

for (const kind of ['AWS', 'Azure', 'Matillion hosted'] as const) {
  test(`from a link, through the login, to a finished secret: ${kind}`, async ({ page, account, sandbox }) => {
    const fields = fieldsOf(sandbox, kind, 'FROM_THE_WIKI');
    await signInAt(page, link(setupForm, { ...fields, ticket: 'CHG-4711', renewBy: '2030-01-31' }), account('admin'));
    await field(page, 'valueText').fill(secret);
    await submit(page);
    await expect(await receiptHeading(page)).toHaveText('The secret FROM_THE_WIKI was set up');
    await expect(page.getByText('password: "FROM_THE_WIKI"', { exact: true })).toBeVisible();
    await expect(recorded(page, 'Ticket')).toHaveText('CHG-4711');
    await expect(recorded(page, 'Renew by')).toHaveText('31 January 2030');
    await expect(recorded(page, 'Project name')).not.toBeEmpty();
    const stored = kind === 'Matillion hosted'
      ? await sandbox.hosted(sandbox.project(), 'FROM_THE_WIKI')
      : await sandbox.vault(fields.agentId!, fields.name ?? 'FROM_THE_WIKI');
    expect(stored.toString()).toBe(JSON.stringify({ password: secret }));
    expect(await sandbox.writes()).toHaveLength(kind === 'Matillion hosted' ? 1 : 2);
  });
}

/** What each answer to the reference's call says on the receipt. The value is stored in every case. */
const accidents: Record<string, RegExp> = {
  'demo-bad-request': /refused what was entered for the reference/,
  'demo-forbidden': /role Owner or Contributor/,
  'demo-not-found': /no such project/,
  'demo-conflict': /exists in the project already/,
  'demo-rate-limited': /Wait a minute/,
  'demo-error': /failed when the reference’s turn came/,
  'demo-timeout': /no clear answer came/,
  'demo-lost': /no clear answer came/,
};

for (const [name, says] of Object.entries(accidents)) {
  test(`a stored value is not lost where the reference ends as ${name}`, async ({ admin, sandbox }) => {
    const agent = sandbox.agent('AWS');
    await admin.goto(link(setupForm, { ...fieldsOf(sandbox, 'AWS', name), name: 'prod/kept', description: 'nightly & daily' }));
    await field(admin, 'valueText').fill(secret);
    await submit(admin);
    await expect(await receiptHeading(admin)).toHaveText(`The value of ${name} is stored, the reference is missing`);
    await expect(admin.getByRole('main')).toContainText(says);
    const before = (await sandbox.writes()).length;

    // Everything is filled in, and no secret is asked for.
    await admin.getByRole('link', { name: 'Finish the reference' }).click();
    await expect(field(admin, 'secretReferenceName')).toHaveValue(name);
    await expect(field(admin, 'secretName')).toHaveValue('prod/kept');
    await expect(field(admin, 'secretKey')).toHaveValue('password');
    await expect(field(admin, 'description')).toHaveValue('nightly & daily');
    await field(admin, 'secretReferenceName').fill('FINISHED');
    await submit(admin);
    await expect(await receiptHeading(admin)).toHaveText('The reference FINISHED was created');
    expect(await sandbox.writes()).toHaveLength(before + 1);
    expect((await sandbox.vault(agent, 'prod/kept')).toString()).toContain(secret);
  });
}

for (const name of ['demo-bad-request', 'demo-forbidden', 'demo-not-found', 'demo-conflict', 'demo-rate-limited', 'demo-error']) {
  test(`nothing but the secret is lost where the value ends as ${name}`, async ({ admin, sandbox }) => {
    await admin.goto(link(setupForm, { ...fieldsOf(sandbox, 'AWS', 'NEXT_TRY'), name, description: 'kept' }));
    await field(admin, 'valueText').fill(secret);
    await submit(admin);
    await expect(admin).toHaveTitle(/^Error:/);
    await expect(field(admin, 'secretReferenceName')).toHaveValue('NEXT_TRY');
    await expect(field(admin, 'description')).toHaveValue('kept');
    await expect(field(admin, 'valueText')).toHaveValue('');
    expect(await sandbox.writes()).toHaveLength(1);

    await field(admin, 'name').fill('prod/next-try');
    await field(admin, 'valueText').fill(secret);
    await submit(admin);
    await expect(await receiptHeading(admin)).toHaveText('The secret NEXT_TRY was set up');
  });
}

test('a reference that finishes a setup makes it one whole', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { ...fieldsOf(sandbox, 'AWS', 'demo-expired'), name: 'prod/whole' }));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  // The sandbox refuses the first token that it sees with this name and takes a fresher one: two calls, one reference.
  await expect(await receiptHeading(admin)).toHaveText('The secret demo-expired was set up');
  await admin.goto('/activity');
  await expect(admin.getByRole('row').filter({ hasText: 'demo-expired' })).toHaveCount(1);
});

test('an end that nobody knows leads on, and the same names again tell what is there', async ({ admin, sandbox }) => {
  const fields = { ...fieldsOf(sandbox, 'AWS', 'AFTER_A_DOUBT'), name: 'demo-timeout' };
  await admin.goto(link(setupForm, fields));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret AFTER_A_DOUBT may or may not have been created');
  await admin.getByRole('link', { name: 'It is there: create the reference' }).click();
  await expect(field(admin, 'secretName')).toHaveValue('demo-timeout');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference AFTER_A_DOUBT was created');
});

test('a second try after one’s own success says so, and leads there', async ({ admin, sandbox }) => {
  for (const again of [false, true]) {
    await admin.goto(link(setupForm, fieldsOf(sandbox, 'AWS', 'TWICE')));
    await field(admin, 'valueText').fill(secret);
    await submit(admin);
    if (!again) await receiptHeading(admin);
  }
  await expect(summary(admin)).toContainText('You created it yourself');
  await admin.getByRole('link', { name: 'See the result for TWICE' }).click();
  await expect(await receiptHeading(admin)).toHaveText('The secret TWICE was set up');
});

test('Maia is asked what became of a reference, and what cannot be told yet stays open', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'demo-accepted', agentType: 'AWS', secretName: 'prod/x' }));
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-accepted may or may not have been created');
  const before = (await sandbox.reads()).length;
  await admin.getByRole('button', { name: 'Ask Maia whether it is there' }).click();
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-accepted may or may not have been created');
  await expect(admin.getByText(/From \d\d:\d\d UTC on/)).toBeVisible();
  expect((await sandbox.reads()).slice(before).map((call) => call.path)).toContainEqual(expect.stringMatching(/\/secret-references$/));
});

test('a receipt leads to a link to a form like it, and a value to its reference', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), projectId: sandbox.project(), name: 'prod/next-step', valueFormat: 'text' }));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  await receiptHeading(admin);
  const receipt = admin.url();
  await admin.getByRole('link', { name: 'Create the reference' }).click();
  await expect(field(admin, 'secretReferenceName')).toHaveValue('prod_next-step');
  await expect(field(admin, 'secretName')).toHaveValue('prod/next-step');
  await expect(field(admin, 'secretKey')).toHaveValue('password');

  await admin.goto(receipt);
  await admin.getByRole('link', { name: 'Make a link to a form like this' }).click();
  const [address] = await admin.locator('main code.pick').allTextContents();
  expect(new URL(address).searchParams.get('agentId')).toBe(sandbox.agent('AWS'));
  expect(new URL(address).searchParams.has('name')).toBe(false);
});

test('a secret is proven, and renewed', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { ...fieldsOf(sandbox, 'AWS', 'PROVEN'), renewBy: '2030-01-31' }));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  await receiptHeading(admin);
  await admin.getByRole('button', { name: 'A pipeline has used it' }).click();
  await expect(admin.getByText(/You confirmed on .* that a pipeline has used it/)).toBeVisible();
  await admin.getByRole('button', { name: 'Take that back' }).click();
  await expect(admin.getByRole('button', { name: 'A pipeline has used it' })).toBeVisible();

  await admin.goto('/activity/due');
  await expect(admin.getByRole('row').filter({ hasText: 'PROVEN' })).toContainText('31 January 2030');
  await admin.getByRole('link', { name: 'PROVEN' }).click();
  await admin.getByLabel('Next day to renew it').fill('2031-02-28');
  await admin.getByRole('button', { name: 'It was renewed' }).click();
  await expect(recorded(admin, 'Renew by')).toHaveText('28 February 2031');
});

test('from the start page to a finished secret: one page, one choice of use, four fields', async ({ admin, sandbox }) => {
  await admin.goto('/');
  await admin.getByRole('link', { name: 'Set up a secret' }).last().click();
  await admin.getByRole('link', { name: /^A password or token/ }).click();
  await submit(admin);
  await expect(summary(admin).getByRole('link'), 'what has to be filled in').toHaveCount(4);
  for (const name of ['projectId', 'agentId', 'secretReferenceName', 'valueText']) {
    await expect(summary(admin).locator(`a[href="#${name}"]`), name).toHaveCount(1);
  }
  await pick(admin, 'projectId', sandbox.project());
  await pick(admin, 'agentId', sandbox.agent('AWS'));
  await fillAll(admin, { secretReferenceName: 'FOUR_FIELDS', valueText: secret });
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret FOUR_FIELDS was set up');
});

test('what the company has prepared opens from the start page, and what it fixes stays', async ({ admin, sandbox }) => {
  await admin.goto('/');
  await admin.getByRole('link', { name: /^Snowflake password, production/ }).click();
  await expect(admin).toHaveURL('/setup?preset=snowflake-prod');
  await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('AWS'));
  await expect(field(admin, 'agentId')).not.toBeEditable();
  await expect(admin.getByRole('radio', { name: 'Azure' })).toBeDisabled();
  await fillAll(admin, { secretReferenceName: 'SNOWFLAKE_NIGHTLY', valueText: secret });
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret SNOWFLAKE_NIGHTLY was set up');

  await admin.goto(link(setupForm, { preset: 'snowflake-prod', agentId: sandbox.agent('Azure') }));
  await expect(summary(admin)).toContainText('fixes this field');
  await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('AWS'));
});

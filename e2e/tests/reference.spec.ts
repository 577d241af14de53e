import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { choose, field, fillAll, link, receiptHeading, recorded, referenceForm, requestsFrom, submit, submitButton, unfold } from '../support/pages.ts';

/** The names of the fields that somebody sees and can fill in. */
async function visibleFields(page: Page): Promise<string[]> {
  const controls = page.locator('main form :is(input, select, textarea):not([type="hidden"])[name]');
  const names = await controls.evaluateAll((all) => all.filter((e) => e.checkVisibility()).map((e) => e.getAttribute('name')!));
  return [...new Set(names)];
}

/** The names of the fields that the Tab key reaches, in order. */
async function tabOrder(page: Page): Promise<string[]> {
  await page.locator('main').focus();
  const names: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const [name, atEnd] = await page.evaluate(() => [document.activeElement?.getAttribute('name') ?? '', document.activeElement?.matches('[type=submit]') ?? true] as const);
    if (atEnd) return [...new Set(names)];
    if (name) names.push(name);
  }
  throw new Error('the Tab key does not come to the submit button');
}

const everyType = ['projectId', 'otherProjectId', 'secretReferenceName', 'description', 'agentType', 'ticket', 'renewBy'];
const fieldsOf = {
  AWS: [...everyType, 'secretName', 'secretKey'],
  Azure: [...everyType, 'vaultName', 'secretName', 'secretKey'],
  'Matillion hosted': [...everyType, 'agentId', 'otherAgentId', 'valueFormat', 'valueText', 'key', 'check'],
} as const;
const types = Object.keys(fieldsOf) as (keyof typeof fieldsOf)[];

test('an AWS reference is created with what was entered', async ({ admin, sandbox }) => {
  await admin.goto('/');
  await admin.getByRole('main').getByRole('link', { name: 'Create a reference', exact: true }).click();
  await admin.getByLabel('Project', { exact: true }).selectOption(sandbox.project());
  await admin.getByLabel('Reference name').fill('SNOWFLAKE_(PROD)-1');
  await admin.getByLabel('Description').fill('Snowflake, “production” & <nightly>');
  await choose(admin, 'agentType', 'AWS');
  await admin.getByLabel('Secret name').fill('prod/snowflake');
  await admin.getByLabel('Secret key').fill('password');
  await submit(admin);

  await expect(await receiptHeading(admin)).toHaveText('The reference SNOWFLAKE_(PROD)-1 was created');
  await expect(admin.getByText('password: "SNOWFLAKE_(PROD)-1"'), 'the line for the pipeline').toBeVisible();
  await expect(recorded(admin, 'Reference name')).toHaveText('SNOWFLAKE_(PROD)-1');
  await expect(recorded(admin, 'Project')).toHaveText(sandbox.project());
  await expect(recorded(admin, 'Secret name')).toHaveText('prod/snowflake');
  await expect(recorded(admin, 'Secret key')).toHaveText('password');
  await expect(recorded(admin, 'By')).toHaveText('Ada Winter');
  await expect(recorded(admin, 'When')).toHaveText(/UTC$/);
  await expect(recorded(admin, 'Request id')).toHaveText(/^[0-9a-f-]{36}$/);

  const [call, ...others] = await sandbox.writes();
  expect(others).toEqual([]);
  expect(call).toMatchObject({ method: 'POST', username: 'ada', status: 201, query: '' });
  expect(decodeURIComponent(call.path)).toMatch(new RegExp(`/v1/projects/${sandbox.project()}/secret-references/SNOWFLAKE_\\(PROD\\)-1$`));
  expect(call.request).toEqual({
    agentType: 'AWS', secretReferenceType: 'PASSWORD', description: 'Snowflake, “production” & <nightly>', secretName: 'prod/snowflake', secretKey: 'password',
  });
});

test('an Azure reference is created, without the optional fields', async ({ admin, sandbox }) => {
  await admin.goto(referenceForm);
  await fillAll(admin, { projectId: sandbox.project(1), secretReferenceName: 'CAMPAIGN_API' });
  await choose(admin, 'agentType', 'Azure');
  await fillAll(admin, { vaultName: 'contoso-kv', secretName: 'campaign-api' });
  await submit(admin);

  await expect(await receiptHeading(admin)).toHaveText('The reference CAMPAIGN_API was created');
  await expect(recorded(admin, 'Vault name')).toHaveText('contoso-kv');
  expect((await sandbox.writes()).map((c) => c.request)).toEqual([
    { agentType: 'Azure', secretReferenceType: 'PASSWORD', vaultName: 'contoso-kv', secretName: 'campaign-api' },
  ]);
});

test('a Matillion hosted reference is created together with its value', async ({ admin, sandbox }) => {
  const agentId = sandbox.agent('Matillion hosted');
  await admin.goto(referenceForm);
  await fillAll(admin, { projectId: sandbox.project(2), secretReferenceName: 'TRIAL_PASSWORD' });
  await choose(admin, 'agentType', 'Matillion hosted');
  await fillAll(admin, { agentId, valueText: 'correct horse battery staple' });
  await submit(admin);

  await expect(await receiptHeading(admin)).toHaveText('The reference TRIAL_PASSWORD was created');
  await expect(recorded(admin, 'Agent')).toHaveText(agentId);
  expect(await admin.content(), 'a receipt has no secret').not.toContain('correct horse');
  expect((await sandbox.hosted(sandbox.project(2), 'TRIAL_PASSWORD')).toString()).toBe('{"password":"correct horse battery staple"}');
  expect((await sandbox.writes()).map((c) => c.request)).toEqual([{ agentType: 'Matillion hosted', secretReferenceType: 'PASSWORD', agentId }]);
});

test('the fields follow the agent type at once, without a request, and keep what was typed', async ({ admin }) => {
  await admin.goto(referenceForm);
  await unfold(admin);
  const requests = requestsFrom(admin);
  await expect(admin.getByText('Choose one of the three')).toBeVisible();
  expect(await visibleFields(admin)).toEqual(everyType);

  for (const type of types) {
    await choose(admin, 'agentType', type);
    expect(await visibleFields(admin), type).toEqual(expect.arrayContaining([...fieldsOf[type]]));
    expect(await visibleFields(admin), type).toHaveLength(fieldsOf[type].length);
    for (const name of ['vaultName', 'secretName', 'secretKey', 'otherAgentId', 'valueText', 'key']) {
      if (await field(admin, name).isVisible()) await field(admin, name).fill(`${name} as typed`);
    }
  }
  await expect(admin.getByText('Choose one of the three')).toBeHidden();

  for (const type of [...types].reverse()) {
    await choose(admin, 'agentType', type);
    for (const name of ['vaultName', 'secretName', 'secretKey', 'otherAgentId', 'valueText', 'key']) {
      if (await field(admin, name).isVisible()) await expect(field(admin, name), `${name} of ${type}`).toHaveValue(`${name} as typed`);
    }
  }
  await expect(field(admin, 'vaultName')).toHaveValue('vaultName as typed');
  await expect(field(admin, 'valueText')).toHaveValue('valueText as typed');
  expect(requests, 'choosing asks the server nothing').toEqual([]);
});

for (const type of types) {
  test(`the Tab key reaches the fields of ${type} and no others`, async ({ admin }) => {
    await admin.goto(link(referenceForm, { agentType: type }));
    await unfold(admin);
    const reached = await tabOrder(admin);
    expect(reached.filter((name) => !(fieldsOf[type] as readonly string[]).includes(name)), 'hidden fields stay out').toEqual([]);
    expect(new Set(reached)).toEqual(new Set(fieldsOf[type]));
  });
}

test('the arrow keys choose a type and leave the focus at the choice', async ({ admin }) => {
  await admin.goto(link(referenceForm, { agentType: 'AWS' }));
  await admin.getByRole('radio', { name: 'AWS' }).focus();
  const before = await admin.getByRole('radio', { name: 'AWS' }).boundingBox();
  await admin.keyboard.press('ArrowDown');
  await expect(admin.getByRole('radio', { name: 'Azure' })).toBeChecked();
  await expect(admin.getByRole('radio', { name: 'Azure' })).toBeFocused();
  await expect(field(admin, 'vaultName')).toBeVisible();
  expect(await admin.getByRole('radio', { name: 'AWS' }).boundingBox(), 'nothing jumps').toEqual(before);
});

test('a field of a type that is not chosen counts for nothing', async ({ admin, sandbox }) => {
  await admin.goto(referenceForm);
  await fillAll(admin, { projectId: sandbox.project(), secretReferenceName: 'CHANGED_MIND' });
  await choose(admin, 'agentType', 'Matillion hosted');
  await fillAll(admin, { agentId: 'not a good id!', valueText: 'typed and then not wanted' });
  await choose(admin, 'agentType', 'AWS');
  await fillAll(admin, { secretName: 'prod/x' });
  await submit(admin);

  await expect(await receiptHeading(admin)).toHaveText('The reference CHANGED_MIND was created');
  expect((await sandbox.writes()).map((c) => c.request)).toEqual([{ agentType: 'AWS', secretReferenceType: 'PASSWORD', secretName: 'prod/x' }]);
});

test('each form has one submit button, and Enter in a field presses it', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'BY_ENTER', agentType: 'AWS', secretName: 'prod/x' }));
  await expect(submitButton(admin)).toHaveCount(1);
  await field(admin, 'secretName').press('Enter');
  await expect(await receiptHeading(admin)).toHaveText('The reference BY_ENTER was created');
});

test('projects and agents are offered by name', async ({ admin, demo }) => {
  await admin.goto(referenceForm);
  const offered = (name: string) => field(admin, name).locator('option:not([disabled])').evaluateAll((all) => all.map((o) => [o.getAttribute('value'), o.textContent]));
  expect(await offered('projectId')).toEqual([['', 'Choose…'], ...demo.projects.map((p) => [p.id, p.name])]);
  const agents = await offered('agentId');
  expect(agents.map(([id]) => id).toSorted(), 'streaming agents cannot take a secret').toEqual(['', ...demo.agents.filter((a) => a.agentType !== 'streaming').map((a) => a.id)].toSorted());
});

test('the activity list shows one’s own submissions, newest first, and leads to the receipts', async ({ admin, sandbox }) => {
  await admin.goto('/activity');
  await expect(admin.getByRole('main')).toContainText('Nothing here yet');
  for (const [name, outcome] of [['FIRST', 'created'], ['demo-conflict', ''], ['THIRD', 'created']]) {
    await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: name, agentType: 'AWS', secretName: 'prod/x' }));
    await submit(admin);
    if (outcome) await expect(await receiptHeading(admin)).toContainText('was created');
    else await expect(admin).toHaveTitle(/^Error:/);
  }

  await admin.goto('/activity');
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Your activity');
  const rows = admin.getByRole('row').filter({ has: admin.getByRole('cell') });
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText(/THIRD.*Created/s);
  await expect(rows.nth(1)).toContainText(/demo-conflict.*Name taken/s);
  await expect(rows.nth(2)).toContainText(/FIRST.*Created/s);

  await rows.nth(1).getByRole('link').click();
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-conflict was not created');
  await admin.getByRole('link', { name: 'Try again with a filled-in form' }).click();
  await expect(field(admin, 'secretReferenceName')).toHaveValue('demo-conflict');
  await expect(field(admin, 'secretName')).toHaveValue('prod/x');

  await admin.goto('/');
  await expect(admin.getByRole('region', { name: 'Your latest activity' }).getByRole('link')).toContainText(['THIRD', 'demo-conflict', 'FIRST']);
});

test('the receipt of a reference leads to the next one in the same project', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(1), secretReferenceName: 'ONE', agentType: 'Azure', vaultName: 'kv', secretName: 'x' }));
  await submit(admin);
  await admin.getByRole('link', { name: 'Create another reference' }).click();
  await expect(field(admin, 'projectId')).toHaveValue(sandbox.project(1));
  await expect(admin.getByRole('radio', { name: 'Azure' })).toBeChecked();
  await expect(field(admin, 'secretReferenceName')).toHaveValue('');
});

test('the address of the submission leads to the form when it is opened again', async ({ admin }) => {
  await admin.goto('/secret-references');
  await expect(admin).toHaveURL(referenceForm);
  await admin.goto('/secret-values');
  await expect(admin).toHaveURL('/secret-values/new');
});

import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { answerOf, asItIs, field, link, otherField, pick, receiptHeading, recorded, referenceForm, setupForm, signInAt, signInAtProvider, submit, summary, unfold, valueForm } from '../support/pages.ts';

const nobody = '00000000-0000-4000-8000-000000000000';

/** A select's groups, with the texts of their options. A star says that one cannot be chosen. */
function groups(page: Page, name: string): Promise<Record<string, string[]>> {
  return field(page, name).locator('optgroup').evaluateAll((all) => Object.fromEntries((all as HTMLOptGroupElement[]).map((g) => [
    g.label, [...g.querySelectorAll('option')].map((o) => (o.disabled ? '* ' : '') + o.textContent),
  ])));
}

for (const form of [setupForm, referenceForm, valueForm]) {
  test(`${form}: agents stand by cloud, with what stands against each`, async ({ admin }) => {
    await admin.goto(form);
    const until = /\d+ \w+ \d{4}, \d\d:\d\d UTC/;
    const found = await groups(admin, 'agentId');
    expect(Object.keys(found)).toEqual(['AWS', 'Azure']);
    expect(found.AWS).toEqual([
      'aws-fargate-eu · AWS',
      'matillion-hosted · AWS',
      'aws-eks-finance · AWS · restricted',
      'aws-fargate-old · AWS · stopped',
      '* aws-streaming · AWS · streaming: takes no secrets',
    ]);
    expect(found.Azure[0]).toBe('azure-aks-eu · Azure');
    expect(found.Azure[1]).toMatch(new RegExp(`^azure-aks-paused · Azure · paused until ${until.source}: queues what it is sent$`));
    await expect(field(admin, 'projectId').locator('option').first()).toHaveText('Choose…');
  });
}

test('the chosen one counts, and what is typed beside it does not', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { secretReferenceName: 'CHOSEN', agentType: 'AWS', secretName: 'prod/x' }));
  await field(admin, 'projectId').selectOption({ label: 'Marketing analytics' });
  await field(admin, otherField.projectId).fill(nobody);
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference CHOSEN was created');
  expect((await sandbox.writes()).map((c) => c.path)).toEqual([expect.stringContaining(`/projects/${sandbox.project(1)}/`)]);
});

test('another id counts where nothing is chosen, and a message about it stands there', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { secretReferenceName: 'OTHER', agentType: 'AWS', secretName: 'prod/x' }));
  await pick(admin, 'projectId', nobody);
  expect((await answerOf(admin)).status()).toBe(422);
  await expect(field(admin, otherField.projectId)).toHaveValue(nobody);
  await expect(field(admin, otherField.projectId)).toHaveAccessibleDescription(/Maia knows no such project/);
  await expect(field(admin, 'projectId')).toHaveValue('');
  await expect(field(admin, 'projectId')).not.toHaveAttribute('aria-invalid');
  await expect(summary(admin).getByRole('link')).toHaveAttribute('href', '#otherProjectId');
  expect((await sandbox.writes()).map((c) => c.path)).toEqual([expect.stringContaining(nobody)]);
});

test('a name that is typed exactly becomes its id', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { name: 'prod/by-name' }));
  await field(admin, otherField.agentId).fill('aws-fargate-eu');
  await unfold(admin);
  await field(admin, otherField.projectId).fill('Finance – nightly loads');
  await field(admin, 'valueText').fill('x');
  await asItIs(admin);
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value prod/by-name was stored');
  await expect(recorded(admin, 'Agent')).toContainText(sandbox.agent('AWS'));
  expect((await sandbox.writes()).map((c) => c.query)).toEqual([`projectId=${sandbox.project()}`]);
});

test('what a link has filled in says so, with the name beside the id', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { projectId: sandbox.project(), agentId: 'azure-aks-eu', secretReferenceName: 'SNOWFLAKE_PASSWORD', agentType: 'Azure' }));
  await expect(field(admin, 'projectId')).toHaveAccessibleDescription(new RegExp(`From the link: Finance – nightly loads, ${sandbox.project()}`));
  await expect(field(admin, 'agentId'), 'a name in a link becomes its id, too').toHaveValue(sandbox.agent('Azure'));
  await expect(field(admin, 'agentId')).toHaveAccessibleDescription(new RegExp(`From the link: azure-aks-eu, ${sandbox.agent('Azure')}`));
  await expect(field(admin, 'secretReferenceName')).toHaveAccessibleDescription(/From the link\./);
  await expect(admin.getByRole('radiogroup', { name: /Agent type/ })).toContainText('From the link.');
  await expect(field(admin, 'vaultName')).not.toHaveAccessibleDescription(/From the link/);
});

test('an id that is in no list stands in a group of its own, and the page warns', async ({ admin }) => {
  await admin.goto(link(setupForm, { projectId: nobody, agentId: 'an-agent-1' }));
  for (const [name, id, what] of [['projectId', nobody, 'projects'], ['agentId', 'an-agent-1', 'agents']]) {
    await expect(field(admin, name)).toHaveValue(id);
    expect((await groups(admin, name))['In no list']).toEqual([id]);
    await expect(field(admin, name)).toHaveAccessibleDescription(new RegExp(`None of your ${what} has this id`));
  }
});

test('what stands against an agent stands below it', async ({ admin, demo }) => {
  for (const [name, text] of [
    ['aws-fargate-old', /This agent is stopped/],
    ['azure-aks-paused', /This agent is paused until .*waits until then/],
    ['aws-eks-finance', /restricted to certain projects.*may not hold when pipelines run/],
  ] as const) {
    await admin.goto(link(valueForm, { agentId: demo.agents.find((a) => a.name === name)!.id }));
    await expect(field(admin, 'agentId')).toHaveAccessibleDescription(text);
    await expect(field(admin, 'valueText')).toBeVisible();
  }
});

for (const form of [setupForm, valueForm, link(referenceForm, { agentType: 'Matillion hosted' })]) {
  test(`${form}: a link to an agent that takes no secrets has the reason in place of the fields`, async ({ admin, demo }) => {
    const streaming = demo.agents.find((a) => a.agentType === 'streaming')!.id;
    await admin.goto(`${form}${form.includes('?') ? '&' : '?'}agentId=${streaming}`);
    await expect(admin.getByRole('heading', { name: 'This agent cannot take a secret' })).toBeVisible();
    await expect(admin.locator('[name^="value"]')).toHaveCount(0);
    const here = admin.url();
    await admin.getByRole('link', { name: 'Look again' }).click();
    expect(new URL(admin.url()).searchParams.get('agentId')).toBe(streaming);
    expect(new URL(admin.url()).pathname).toBe(new URL(here).pathname);

    await admin.getByRole('link', { name: 'Choose another agent' }).click();
    await admin.getByRole('link', { name: 'azure-aks-eu' }).click();
    await expect(field(admin, 'valueText')).toBeVisible();
  });
}

test('a page of choices keeps what the form had, filters, and leads back', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { secretReferenceName: 'KEPT_(1)', description: 'a & b', pairKey: ['one', 'two'], valueFormat: 'pairs' }));
  await admin.getByRole('link', { name: /Choose from a list\s*of agents/ }).click();
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Choose an agent');
  await expect(admin.getByRole('status')).toHaveText('7 agents');
  await expect(admin.getByRole('listitem').filter({ hasText: 'aws-streaming' }).getByRole('link'), 'it takes no secrets').toHaveCount(0);
  await admin.getByLabel('Part of its name or id').fill('AZURE');
  await admin.getByLabel('Part of its name or id').press('Enter');
  await expect(admin.getByRole('status')).toHaveText('2 of 7 agents');
  await admin.getByLabel('Part of its name or id').fill(sandbox.agent('Azure').slice(-6).toUpperCase());
  await admin.getByRole('button', { name: 'Filter' }).click();
  await expect(admin.getByRole('status')).toHaveText('1 of 7 agents');
  await admin.getByRole('link', { name: 'azure-aks-eu' }).click();

  await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('Azure'));
  for (const [name, value] of [['secretReferenceName', 'KEPT_(1)'], ['description', 'a & b']]) await expect(field(admin, name)).toHaveValue(value);
  await expect(admin.getByLabel('Property 2, name')).toHaveValue('two');
  expect(new URL(admin.url()).pathname).toBe(setupForm);
});

test('a page of choices takes no secret along, and is for one of the forms', async ({ admin, sandbox }) => {
  await admin.goto(`${link('/choose/project', { for: referenceForm, q: 'fin', secretReferenceName: 'N' })}&valueText=hunter2`);
  expect(admin.url()).not.toContain('hunter2');
  expect(new URL(admin.url()).search).toContain('removed=secret');
  await expect(admin.getByRole('heading', { name: /The link carried a secret/ })).toBeVisible();
  await expect(admin.getByLabel('Part of its name or id'), 'the filter stays').toHaveValue('fin');
  await admin.getByRole('link', { name: 'Finance – nightly loads' }).click();
  await expect(admin).toHaveURL(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'N' }));

  for (const wrong of ['/choose/project', '/choose/agent?for=%2Factivity', '/choose/agent?for=https%3A%2F%2Fevil.example%2Fsetup', '/link', '/link?for=%2F%2Fevil.example']) {
    expect((await admin.goto(wrong))?.status(), wrong).toBe(400);
  }
});

test('a login that ended is made good from a page with a filter, too', async ({ admin, context, account }) => {
  await admin.goto(link('/choose/agent', { for: valueForm }));
  await context.clearCookies({ name: 'portal' });
  await admin.getByLabel('Part of its name or id').fill('azure');
  await admin.getByRole('button', { name: 'Filter' }).click();
  await signInAtProvider(admin, account('admin'));
  await expect(admin.getByLabel('Part of its name or id')).toHaveValue('azure');
  await expect(admin.getByRole('status')).toHaveText('2 of 7 agents');
});

test('somebody whom Maia gives no list is told so, and goes back to the form', async ({ page, account }) => {
  await signInAt(page, link('/choose/project', { for: referenceForm, secretReferenceName: 'N' }), account('viewer'));
  await expect(page.getByRole('main')).toContainText('Maia did not give the list of projects: your account may not see it.');
  await page.getByRole('link', { name: 'enter the id in the form' }).click();
  await expect(field(page, 'secretReferenceName')).toHaveValue('N');
});

test('a link for a wiki is made of a form’s fields, and fills them in', async ({ admin, demo, sandbox }) => {
  await admin.goto(link(setupForm, { secretReferenceName: 'FROM_(THE)_FORM' }));
  await admin.getByRole('link', { name: 'Make a link to this form' }).click();
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Make a link');
  await expect(field(admin, 'secretReferenceName')).toHaveValue('FROM_(THE)_FORM');
  await expect(admin.locator('[name^="value"]:not([name="valueFormat"]), [name="pairValue"]'), 'no place for a secret').toHaveCount(0);

  await field(admin, 'projectId').selectOption({ label: 'Finance – nightly loads' });
  await field(admin, otherField.agentId).fill('an-agent-1');
  await field(admin, 'agentType').selectOption('Azure');
  await field(admin, 'recipe').selectOption('password');
  await field(admin, 'description').fill('Ä & [b](c)');
  await admin.getByRole('button', { name: 'Make the link' }).click();

  const [address, markdown] = await admin.locator('main code.pick').allTextContents();
  const made = new URL(address);
  expect(made.origin).toBe(new URL(demo.url).origin);
  expect(made.pathname).toBe(setupForm);
  expect(Object.fromEntries(made.searchParams)).toEqual({
    recipe: 'password', projectId: sandbox.project(), agentId: 'an-agent-1', agentType: 'Azure', secretReferenceName: 'FROM_(THE)_FORM', description: 'Ä & [b](c)',
  });
  expect(address).not.toMatch(/[()\s]/);
  expect(markdown).toBe(`[Set up a secret](${address})`);

  await admin.goto(address);
  await expect(field(admin, 'description')).toHaveValue('Ä & [b](c)');
  await expect(admin.getByRole('radio', { name: 'Azure' })).toBeChecked();
});

test('each form’s link page has its own fields', async ({ admin }) => {
  for (const form of [referenceForm, valueForm]) {
    await admin.goto(link('/link', { for: form, pairKey: ['a', 'b', 'c', 'd', 'e'] }));
    const [address] = await admin.locator('main code.pick').allTextContents();
    expect(new URL(address).searchParams.getAll('pairKey')).toEqual(['a', 'b', 'c', 'd', 'e']);
    await admin.getByRole('button', { name: 'Make the link' }).click();
    expect(await admin.locator('main code.pick').first().textContent(), 'nothing is lost by sending it').toBe(address);
  }
});

import { expect, test } from '../support/test.ts';
import { choose, field, fillAll, link, otherField, receiptHeading, recorded, referenceForm, setupForm, signInUnseen, submit, valueForm } from '../support/pages.ts';

// The lists of projects and agents are a comfort. Whatever becomes of them, each form does its work.

/** What is entered by hand into each form; the ids aside. */
const forms: Record<string, { fields: Record<string, string>; says: string }> = {
  [setupForm]: { fields: { secretReferenceName: 'BY_HAND', valueText: 'a secret of this test' }, says: 'The secret BY_HAND was set up' },
  [referenceForm]: { fields: { secretReferenceName: 'BY_HAND_TOO', secretName: 'prod/by-hand' }, says: 'The reference BY_HAND_TOO was created' },
  [valueForm]: { fields: { name: 'prod/by-hand', valueText: 'a secret of this test' }, says: 'The value prod/by-hand was stored' },
};

/** What the page says of a list that it does not have, by the way in which Maia answers. */
// One that never comes is given up after a while, so what is said of it changes.
const answers: Record<string, RegExp> = {
  403: /Maia did not give the list of (projects|agents): your account may not see it\./,
  404: /Maia did not give the list of (projects|agents): your account may not see it\./,
  500: /Maia could not give the list of (projects|agents) just now\./,
  lost: /Maia could not give the list of (projects|agents) just now\./,
  late: /Maia (did not give the list of (projects|agents) in time|could not give the list of (projects|agents) just now)\./,
  hang: /Maia (did not give the list of (projects|agents) in time|could not give the list of (projects|agents) just now)\./,
};

for (const [how, why] of Object.entries(answers)) {
  test(`lists that answer ${how}: each form says so, and takes ids by hand`, async ({ page, account, sandbox }) => {
    await sandbox.switchLists(how);
    await signInUnseen(page, '/', account('admin'));
    for (const [form, { fields, says }] of Object.entries(forms)) {
      await page.goto(form === referenceForm ? link(form, { agentType: 'AWS' }) : form);
      if (how === 'late' || how === 'hang') {
        // The page came before the list's answer: no clock is needed to see that it does not wait for it.
        const lists = (await sandbox.reads()).filter((call) => /\/v1\/(projects|agents)$/.test(call.path));
        expect(lists.map((call) => call.status), 'the list was asked for, and has not answered').toContain(0);
      }
      await expect(field(page, 'projectId')).toHaveAccessibleDescription(why);
      await field(page, 'projectId').fill(sandbox.project());
      if (form !== referenceForm) {
        await expect(field(page, 'agentId')).toHaveAccessibleDescription(why);
        await field(page, 'agentId').fill(sandbox.agent('AWS'));
      }
      // Without the list nobody knows what kind of agent an id is.
      if (form === setupForm) {
        await expect(page.getByRole('radiogroup', { name: 'Agent type', exact: true })).toBeVisible();
        await choose(page, 'agentType', 'AWS');
      }
      await fillAll(page, fields);
      await submit(page);
      await expect(await receiptHeading(page)).toHaveText(says);
    }
    expect(await sandbox.writes()).toHaveLength(4);
  });
}

test('5,000 entries: the forms take a name, and the page of choices finds, leafs and comes back', async ({ page, account, sandbox }) => {
  await sandbox.switchLists('many');
  await signInUnseen(page, '/', account('admin'));
  // A list of fifty pages may not be there at once; the page offers to look again.
  await expect(async () => {
    await page.goto(link('/choose/agent', { for: setupForm, secretReferenceName: 'ONE_OF_MANY' }));
    await expect(page.getByRole('status')).toHaveText('5000 agents', { timeout: 1 });
  }).toPass();
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(100);
  await page.getByRole('link', { name: /Next/ }).click();
  await expect(page).toHaveURL(/[?&]page=2(&|$)/);
  await page.getByLabel('Part of its name or id').fill('fargate-eu');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.getByRole('status')).toHaveText('1 of 5000 agents');
  await page.getByRole('link', { name: 'aws-fargate-eu' }).click();
  await expect(field(page, 'agentId')).toHaveValue(sandbox.agent('AWS'));
  await expect(field(page, 'secretReferenceName')).toHaveValue('ONE_OF_MANY');

  await page.getByRole('link', { name: /Choose from a list\s*of projects/ }).click();
  await expect(page.getByRole('status')).toHaveText('5000 projects');
  await page.getByLabel('Part of its name or id').fill('Project 4999');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('link', { name: 'Project 4999' }).click();
  await expect(field(page, 'projectId'), 'the choice is filled in').toHaveValue(/-000000004999$/);
  await expect(field(page, 'agentId'), 'and the one before stays').toHaveValue(sandbox.agent('AWS'));

  for (const [form, { fields, says }] of Object.entries(forms)) {
    await page.goto(form === referenceForm ? link(form, { agentType: 'AWS' }) : form);
    await expect(page.locator(`[name="${otherField.projectId}"]`), 'no select of 5,000').toHaveCount(0);
    await fillAll(page, { projectId: 'Finance – nightly loads' });
    if (form !== referenceForm) await field(page, 'agentId').fill('aws-fargate-eu');
    await fillAll(page, fields);
    await submit(page);
    await expect(await receiptHeading(page)).toHaveText(says);
    await expect(recorded(page, 'Project name')).toHaveText('Finance – nightly loads');
  }
});

test('an agent in every state is told apart, and only those that never take a secret cannot be chosen', async ({ page, account, sandbox }) => {
  await sandbox.switchLists('every-state');
  await signInUnseen(page, '/', account('admin'));
  await page.goto(setupForm);
  const options = await field(page, 'agentId').locator('option').evaluateAll((all) => (all as HTMLOptionElement[]).map((o) => (o.disabled ? '* ' : '') + o.textContent));
  for (const text of [
    'aws-fargate-old · AWS · stopped',
    'aws-eks-stopping · AWS · stopping',
    'azure-aks-pausing · Azure · pausing: queues what it is sent',
    'aws-ecs-pending · AWS · pending: not started yet',
    'azure-aci-unknown · Azure · state unknown',
    'azure-aks-marketing · Azure · restricted',
    'aws-fargate-cut-off · AWS · not connected',
    'azure-aks-2023 · Azure · unsupported version',
    '* snowflake-native · snowflake: takes no secrets',
    '* gcp-gke-eu · gcp: takes no secrets',
  ]) expect(options).toContain(text);
});

test('a name that the vault changes: the reference points to the vault’s own', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { projectId: sandbox.project(), agentId: sandbox.agent('AWS'), secretReferenceName: 'RENAMED', name: 'demo-renamed' }));
  await field(admin, 'valueText').fill('a secret of this test');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret RENAMED was set up');
  expect((await sandbox.writes()).map((call) => call.request?.secretName)).toEqual([undefined, 'demo-renamed-in-the-vault']);
  await expect(admin.getByText('demo-renamed-in-the-vault').first()).toBeVisible();
});

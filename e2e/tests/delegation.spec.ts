import { expect, test } from '../support/test.ts';
import { field, link, receiptHeading, recorded, referenceForm, signInAt, submit, valueForm } from '../support/pages.ts';

test('two users at the same time: each one’s calls bear their own token', async ({ demo, sandbox, newBrowser }) => {
  const admins = demo.accounts.filter((a) => a.role === 'admin');
  expect(admins.map((a) => a.username)).toEqual(['ada', 'grace']);
  const users = await Promise.all(admins.map(async (account) => {
    const page = await newBrowser();
    await signInAt(page, link(valueForm, { agentId: sandbox.agent('AWS'), name: `of-${account.username}` }), account);
    await field(page, 'valueText').fill(`secret of ${account.username}`);
    return { page, username: account.username };
  }));
  // Both are signed in and have their forms open before the first one sends.
  await Promise.all(users.map(({ page }) => submit(page)));
  for (const { page, username } of users) {
    await expect(await receiptHeading(page)).toHaveText(`The value of-${username} was stored`);
    await expect(recorded(page, 'By')).toHaveText(new RegExp(`^${username}`, 'i'));
  }
  for (const { page, username } of [...users].reverse()) {
    await page.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: `OF_${username}`, agentType: 'AWS', secretName: `of-${username}` }));
    await submit(page);
    await expect(await receiptHeading(page)).toContainText('was created');
  }

  const calls = await sandbox.writes();
  expect(calls).toHaveLength(4);
  for (const call of calls) {
    const name = (call.request?.secret as { name: string } | undefined)?.name ?? String(call.request?.secretName);
    expect(name, call.path).toBe(`of-${call.username}`);
  }
  expect(calls.map((c) => c.username).toSorted()).toEqual(['ada', 'ada', 'grace', 'grace']);
  for (const { username } of users) expect((await sandbox.vault(sandbox.agent('AWS'), `of-${username}`)).toString()).toBe(`{"password":"secret of ${username}"}`);

  // Nobody sees the other one's activity.
  for (const { page, username } of users) {
    await page.goto('/activity');
    await expect(page.getByRole('row').filter({ has: page.getByRole('cell') })).toHaveCount(2);
    await expect(page.getByRole('table')).toContainText(`OF_${username}`);
  }
});

test('the suggestions are each user’s own: none for somebody whom Maia shows nothing', async ({ page, account }) => {
  // Maia shows this account nothing, so there is nothing to suggest, and the form works without.
  await signInAt(page, referenceForm, account('viewer'));
  await expect(field(page, 'projectId')).toBeVisible();
  await expect(page.locator('select')).toHaveCount(0);
  await expect(field(page, 'projectId'), 'and why there is no list').toHaveAccessibleDescription(/Maia did not give the list of projects: your account may not see it/);
  await expect(page.getByText('Its id: 36 characters')).toBeVisible();
});

import { expect, test } from '../support/test.ts';
import { field, formData, link, post, receiptHeading, recorded, referenceForm, submit, submitButton, summary, valueForm } from '../support/pages.ts';

// One form makes one call, however often it is sent.

test('a second click while the first is under way makes no second call', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name: 'demo-slow' }));
  await field(admin, 'valueText').fill('sent by two clicks');
  const posts: string[] = [];
  admin.on('request', (r) => r.method() === 'POST' && posts.push(r.url()));
  await submitButton(admin).scrollIntoViewIfNeeded();
  const box = (await submitButton(admin).boundingBox())!;
  const click = () => admin.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await click();
  await expect.poll(async () => (await sandbox.writes()).length).toBe(1);
  await click();
  await expect(await receiptHeading(admin)).toHaveText('The value demo-slow was stored');
  expect(posts, 'the browser has really sent it twice').toHaveLength(2);
  expect(await sandbox.writes()).toHaveLength(1);
  await admin.goto('/activity');
  await expect(admin.getByRole('row').filter({ hasText: 'demo-slow' })).toHaveCount(1);
});

test('two POSTs of one form at the same moment make one call and get the same receipt', async ({ admin, sandbox }) => {
  const fields = { projectId: sandbox.project(), secretReferenceName: 'demo-slow', agentType: 'AWS', secretName: 'prod/x' };
  await admin.goto(link(referenceForm, fields));
  const form = await formData(admin);
  const [first, second] = await Promise.all([post(admin, '/secret-references', form), post(admin, '/secret-references', form)]);
  expect([first.status(), second.status()]).toEqual([303, 303]);
  expect(first.headers().location).toBe(second.headers().location);
  expect(await sandbox.writes()).toHaveLength(1);

  // Later, too: the same form leads to the same receipt.
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-slow was created');
  expect(new URL(admin.url()).pathname).toBe(first.headers().location);
  expect(await sandbox.writes()).toHaveLength(1);
});

test('a form whose outcome is not known is not sent again by a second POST', async ({ admin, sandbox }) => {
  const fields = { projectId: sandbox.project(), secretReferenceName: 'demo-timeout', agentType: 'AWS', secretName: 'prod/x' };
  await admin.goto(link(referenceForm, fields));
  await post(admin, '/secret-references', await formData(admin));
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-timeout may or may not have been created');
  expect(await sandbox.writes()).toHaveLength(1);
});

test('a form that was used already says so when it is sent with other fields', async ({ admin, sandbox }) => {
  const fields = { projectId: sandbox.project(), secretReferenceName: 'FIRST_USE', agentType: 'AWS', secretName: 'prod/x' };
  await admin.goto(link(referenceForm, fields));
  await post(admin, '/secret-references', await formData(admin));

  await field(admin, 'secretReferenceName').fill('SECOND_USE');
  await submit(admin);
  await expect(summary(admin)).toBeFocused();
  await expect(summary(admin)).toContainText('This form was already used for the reference FIRST_USE');
  await expect(summary(admin)).toContainText('Nothing was sent now');
  await expect(summary(admin).getByRole('link')).toHaveText('See what became of FIRST_USE');
  expect(await sandbox.writes()).toHaveLength(1);

  // The form that came back is a new one.
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference SECOND_USE was created');
  expect(await sandbox.writes()).toHaveLength(2);
});

test('closing the tab cuts nothing', async ({ admin, context, sandbox }) => {
  const other = await context.newPage();
  await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), name: 'demo-slow' }));
  await field(admin, 'valueText').fill('sent, and then the tab is closed');
  const sent = admin.waitForRequest((r) => r.method() === 'POST');
  const pressed = submit(admin).catch(() => undefined);
  await sent;
  await expect.poll(async () => (await sandbox.writes()).length).toBe(1);
  await admin.close();
  await pressed;

  await expect(async () => {
    await other.goto('/activity');
    await expect(other.getByRole('row').filter({ hasText: 'demo-slow' })).toContainText('Created', { timeout: 500 });
  }).toPass();
  await other.getByRole('link', { name: 'demo-slow' }).click();
  await expect(recorded(other, 'By')).toHaveText('Ada Winter');
  expect((await sandbox.vault(sandbox.agent('AWS'), 'demo-slow')).toString()).toContain('sent, and then the tab is closed');
});

import { expect, test } from '../support/test.ts';
import { field, formData, link, post, receiptHeading, recorded, referenceForm, submit, submitButton, summary, valueForm } from '../support/pages.ts';

// One form makes one call, however often it is sent.

test('a second click while the first is under way makes no second call', async ({ held: { page, gate, url }, sandbox }) => {
  await page.goto(url + link(valueForm, { agentId: sandbox.agent('AWS'), name: 'prod/two-clicks' }));
  await field(page, 'valueText').fill('sent by two clicks');
  const posts: string[] = [];
  page.on('request', (r) => r.method() === 'POST' && posts.push(r.url()));
  await submitButton(page).scrollIntoViewIfNeeded();
  const box = (await submitButton(page).boundingBox())!;
  const click = () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await click();
  await gate.arrived(1);
  const again = page.waitForRequest((r) => r.method() === 'POST');
  await click();
  await again;
  gate.release();
  await expect(await receiptHeading(page)).toHaveText('The value prod/two-clicks was stored');
  expect(posts, 'the browser has really sent it twice').toHaveLength(2);
  expect(await sandbox.writes()).toHaveLength(1);
  await page.goto(`${url}/activity`);
  await expect(page.getByRole('row').filter({ hasText: 'prod/two-clicks' })).toHaveCount(1);
});

test('two POSTs of one form at the same moment make one call and get the same receipt', async ({ held: { page, gate, url }, sandbox }) => {
  const fields = { projectId: sandbox.project(), secretReferenceName: 'AT_ONCE', agentType: 'AWS', secretName: 'prod/x' };
  await page.goto(url + link(referenceForm, fields));
  const form = await formData(page);
  const both = Promise.all([post(page, '/secret-references', form), post(page, '/secret-references', form)]);
  await gate.arrived(1);
  gate.release();
  const [first, second] = await both;
  expect([first.status(), second.status()]).toEqual([303, 303]);
  expect(first.headers().location).toBe(second.headers().location);
  expect(await sandbox.writes()).toHaveLength(1);

  // Later, too: the same form leads to the same receipt.
  await submit(page);
  await expect(await receiptHeading(page)).toHaveText('The reference AT_ONCE was created');
  expect(new URL(page.url()).pathname).toBe(first.headers().location);
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
  await expect(summary(admin).getByRole('link')).toHaveText('See the result for FIRST_USE');
  expect(await sandbox.writes()).toHaveLength(1);

  // The form that came back is a new one.
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference SECOND_USE was created');
  expect(await sandbox.writes()).toHaveLength(2);
});

test('closing the tab cuts nothing', async ({ held: { page, gate, url }, context, sandbox }) => {
  const other = await context.newPage();
  await page.goto(url + link(valueForm, { agentId: sandbox.agent('AWS'), name: 'prod/closed-tab' }));
  await field(page, 'valueText').fill('sent, and then the tab is closed');
  const pressed = submit(page).catch(() => undefined);
  await gate.arrived(1);
  await page.close();
  await pressed;
  await other.goto(`${url}/activity`);
  const row = other.getByRole('row').filter({ hasText: 'prod/closed-tab' });
  await expect(row).toContainText('Under way');
  gate.release();

  await expect(async () => {
    await other.reload();
    await expect(row).toContainText('Created', { timeout: 100 });
  }).toPass({ intervals: [50] });
  await row.getByRole('link').click();
  await expect(recorded(other, 'By')).toHaveText('Ada Winter');
  expect((await sandbox.vault(sandbox.agent('AWS'), 'prod/closed-tab')).toString()).toContain('sent, and then the tab is closed');
});

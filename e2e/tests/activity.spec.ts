import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { field, link, receiptHeading, referenceForm, setupForm, signInUnseen, submit } from '../support/pages.ts';

/** Creates references without drawing a page, oldest first. */
async function createReferences(page: Page, projectId: string, names: string[]): Promise<void> {
  for (const name of names) {
    const form = await page.request.get(referenceForm);
    const token = /name="formToken" value="([^"]+)"/.exec(await form.text())![1]!;
    const sent = await page.request.post('/secret-references', {
      headers: { Origin: new URL(form.url()).origin, 'Sec-Fetch-Site': 'same-origin' },
      form: { formToken: token, projectId, secretReferenceName: name, agentType: 'AWS', secretName: 'prod/activity' },
      maxRedirects: 0,
    });
    expect(sent.status(), name).toBe(303);
  }
}

const rows = (page: Page) => page.getByRole('main').getByRole('row').filter({ has: page.getByRole('cell') });

async function openFilter(page: Page): Promise<void> {
  await page.locator('details.filters summary').click();
}

/** The lines of an export that a link leads to. */
async function download(page: Page, name: string): Promise<string[]> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);
  return (await readFile(await file.path(), 'utf8')).trimEnd().split('\n');
}

test('an auditor narrows everybody’s activity, leafs, exports what fits, and opens a receipt', async ({ page, newBrowser, account, demo, sandbox }) => {
  const [ada, grace] = demo.accounts.filter((a) => a.role === 'admin');
  for (const [i, who] of [ada!, grace!].entries()) {
    const browser = await newBrowser();
    await signInUnseen(browser, '/', who);
    await createReferences(browser, sandbox.project(), Array.from({ length: 27 }, (_, n) => `LOAD_${i}_${String(n).padStart(2, '0')}`));
    if (i === 1) await createReferences(browser, sandbox.project(), ['OTHER']);
  }
  await signInUnseen(page, '/activity', account('auditor'));
  await page.goto('/activity');
  await expect(rows(page)).toHaveCount(50);
  await expect(rows(page).first()).toContainText('OTHER');
  await page.getByRole('link', { name: 'Older entries' }).click();
  await expect(rows(page)).toHaveCount(5);
  await page.getByRole('link', { name: 'Newest entries' }).click();

  await openFilter(page);
  await page.getByLabel('Name begins with', { exact: true }).fill('LOAD_');
  await page.getByRole('button', { name: 'Apply the filter' }).click();
  await expect(page).toHaveURL(/[?&]name=LOAD_/);
  await expect(rows(page)).toHaveCount(50);
  await expect(rows(page).filter({ hasText: 'OTHER' })).toHaveCount(0);
  await expect(page.locator('details.filters summary')).toContainText('LOAD_');
  await page.getByRole('link', { name: 'Older entries' }).click();
  await expect(rows(page), 'the filter goes along').toHaveCount(4);
  expect(await download(page, 'CSV'), 'a heading and all that fits, not the page alone').toHaveLength(1 + 54);
  expect(await download(page, 'JSON lines')).toHaveLength(54);

  // The address can be kept and sent.
  await openFilter(page);
  await page.getByLabel(/^Who/).fill(grace!.username[0]!.toUpperCase());
  await page.getByRole('button', { name: 'Apply the filter' }).click();
  await expect(rows(page)).toHaveCount(27);
  const kept = page.url();
  await page.getByRole('link', { name: 'Remove the filter' }).click();
  await expect(rows(page)).toHaveCount(50);
  await page.goto(kept);
  await expect(rows(page)).toHaveCount(27);
  await expect(rows(page).filter({ hasText: 'LOAD_0_' })).toHaveCount(0);
  await page.getByRole('link', { name: 'LOAD_1_03', exact: true }).click();
  await expect(await receiptHeading(page)).toContainText('LOAD_1_03');
  await expect(page.getByRole('main')).toContainText('Grace');
});

test('what fits no filter, and a day that is none, say what to do', async ({ admin }) => {
  await admin.goto('/activity');
  await openFilter(admin);
  await admin.getByLabel('Name begins with', { exact: true }).fill('NOWHERE');
  await admin.getByRole('button', { name: 'Apply the filter' }).click();
  await expect(admin.getByText('No entry fits the filter.')).toBeVisible();
  await admin.goto('/activity?from=yesterday');
  await expect(admin).toHaveTitle(/^Error:/);
  await expect(admin.getByRole('main')).toContainText('2026-');
});

test('everybody finds their own alone, and a receipt tells what became of its name', async ({ admin, newBrowser, demo, sandbox }) => {
  const setup = { projectId: sandbox.project(), agentId: sandbox.agent('AWS'), secretReferenceName: 'demo-conflict', name: 'prod/history' };
  await admin.goto(link(setupForm, setup));
  await field(admin, 'valueText').fill('a secret of this test');
  await submit(admin);
  await receiptHeading(admin);
  const receipt = new URL(admin.url()).pathname;
  const other = await newBrowser();
  await signInUnseen(other, '/', demo.accounts.filter((a) => a.role === 'admin')[1]!);
  await other.goto('/activity');
  await expect(other.getByText('Nothing here yet.')).toBeVisible();
  expect((await other.goto(receipt))!.status()).toBe(404);
  expect(await (await other.request.get('/activity.jsonl')).text()).toBe('');

  await admin.goto('/activity?name=demo-conflict');
  await expect(rows(admin)).toHaveCount(1);
  await expect(rows(admin)).toContainText('Reference missing');
  await admin.getByRole('link', { name: 'demo-conflict', exact: true }).click();
  // The name is taken once more.
  await admin.getByRole('link', { name: 'Finish the reference' }).click();
  await submit(admin);
  await expect(admin).toHaveTitle(/^Error:/);
  await admin.goto(receipt);
  await expect(admin.getByRole('heading', { name: /What happened to this name/ })).toBeVisible();
});

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { faded, field, link, receiptHeading, referenceForm, setupForm, submit } from '../support/pages.ts';
import { test } from '../support/test.ts';

/** The pictures in README and docs, as few as tell what the portal looks like: `make screenshots` writes them. */
const folder = resolve(import.meta.dirname, '../../docs/screenshots');

/** What a repository carries along forever has to be small. */
const limit = 150 * 1024;

const looks = {
  light: { width: 1280, height: 800, colorScheme: 'light' },
  dark: { width: 1280, height: 800, colorScheme: 'dark' },
  narrow: { width: 360, height: 720, colorScheme: 'light' },
} as const;

async function picture(page: Page, name: string, ...which: (keyof typeof looks)[]): Promise<void> {
  for (const look of which) {
    const { width, height, colorScheme } = looks[look];
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.getByRole('banner').scrollIntoViewIfNeeded();
    await faded(page);
    const path = join(folder, `${name}-${look}.png`);
    await page.screenshot({ path });
    expect((await stat(path)).size, path).toBeLessThan(limit);
  }
}

test('the pictures in the documentation', async ({ admin, sandbox }) => {
  const project = sandbox.project();
  const recipe = { recipe: 'password', projectId: project, agentId: sandbox.agent('AWS') };

  await admin.goto(link(setupForm, { ...recipe, secretReferenceName: 'SNOWFLAKE_PASSWORD', renewBy: '2030-01-31' }));
  await field(admin, 'valueText').fill('correct horse battery staple');
  await picture(admin, 'setup', 'light', 'narrow');
  await submit(admin);
  await receiptHeading(admin);
  await picture(admin, 'receipt', 'dark');

  // A name that is taken, an answer that did not come, and a secret that is due.
  const due = new Date(Date.now() + 9 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  for (const [name, renewBy] of [['demo-conflict', ''], ['demo-timeout', ''], ['LEDGER_PASSWORD', due]]) {
    await admin.goto(link(referenceForm, { projectId: project, secretReferenceName: name, agentType: 'AWS', secretName: 'prod/ledger', renewBy }));
    await submit(admin);
    await admin.waitForLoadState();
  }
  await admin.goto('/');
  await picture(admin, 'start', 'light', 'narrow');
});

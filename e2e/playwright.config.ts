import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.ts';
import type { Engine } from './support/engine.ts';

// These browsers start slowly, and a busy machine makes them slower than Chromium: time ends only what hangs.
const engines = { testDir: 'engines', fullyParallel: false, workers: 1, timeout: 180_000, expect: { timeout: 60_000 } };

export default defineConfig<object, { engine: Engine }>({
  testDir: 'tests',
  globalSetup: './support/build.ts',
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  // A test that succeeds at the second try has found something, too.
  retries: 0,
  reporter: [['list'], ['./support/summary.ts']],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: { browserName: 'chromium', launchOptions, locale: 'en-GB', screenshot: 'only-on-failure' },
  projects: [
    // The portal has to work without script, so the browser has none.
    { name: 'portal', testIgnore: 'accessibility.spec.ts', use: { javaScriptEnabled: false } },
    // axe is a script that runs in the page, which the portal's policy forbids.
    { name: 'accessibility', testMatch: 'accessibility.spec.ts', use: { javaScriptEnabled: true, bypassCSP: true } },
    // What hangs on the engine, in the others: side by side, and each in one browser.
    { name: 'webkit', ...engines, use: { engine: 'webkit' } },
    { name: 'firefox', ...engines, use: { engine: 'firefox' } },
  ],
});

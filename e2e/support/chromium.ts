import { existsSync } from 'node:fs';
import type { LaunchOptions } from '@playwright/test';

/** The system's Chromium, as people have it: no test downloads a browser. */
export const wholeBrowser: LaunchOptions = {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Chromium's sandbox does not start for root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ],
};

// The same engine without the browser around it, which draws a window with a tool bar for each test: that takes
// longer than most tests do. It has no cache of pages to go back to, and is not to be had everywhere.
const shell = '/usr/bin/chromium-headless-shell';

/** What tests start that need no more of a browser than its engine. */
export const launchOptions: LaunchOptions = {
  ...wholeBrowser,
  ...(!process.env.CHROMIUM && existsSync(shell) ? { executablePath: shell } : {}),
};

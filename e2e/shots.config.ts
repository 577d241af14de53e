import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

/**
 * Pictures for people: `npm run shots` writes those of every page to shots/, `npm run screenshots` the few in the
 * documentation to ../docs/screenshots/.
 */
export default defineConfig({ ...tests, testDir: 'pictures', projects: [{ name: 'pictures', use: { javaScriptEnabled: false } }] });

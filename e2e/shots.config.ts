import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

/** Pictures of every page for people to look at: `npm run shots` writes them to shots/. */
export default defineConfig({ ...tests, testDir: 'pictures', projects: [{ name: 'pictures', use: { javaScriptEnabled: false } }] });

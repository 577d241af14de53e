import { join, resolve } from 'node:path';
import { faded } from '../support/pages.ts';
import { test } from '../support/test.ts';
import { tour } from '../support/tour.ts';

const folder = resolve(import.meta.dirname, '../shots');

const looks = {
  wide: { width: 1440, colorScheme: 'light', forcedColors: 'none' },
  narrow: { width: 320, colorScheme: 'light', forcedColors: 'none' },
  'wide-dark': { width: 1440, colorScheme: 'dark', forcedColors: 'none' },
  'narrow-dark': { width: 320, colorScheme: 'dark', forcedColors: 'none' },
  'wide-forced': { width: 1440, colorScheme: 'light', forcedColors: 'active' },
} as const;

for (const [name, open] of Object.entries(tour)) {
  test(name, async ({ page, demo, sandbox }) => {
    await open({ page, demo, sandbox });
    for (const [look, { width, ...media }] of Object.entries(looks)) {
      await page.setViewportSize({ width, height: width > 1000 ? 900 : 640 });
      await page.emulateMedia(media);
      await faded(page);
      const file = `${name.replaceAll(/[^a-z]+/gi, '-').toLowerCase()}--${look}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: true });
    }
  });
}

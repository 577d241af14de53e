import { isDeepStrictEqual } from 'node:util';
import type { Page } from '@playwright/test';
import { Axe } from '../support/axe.ts';
import { cutTexts, expectToFit, sideways } from '../support/fit.ts';
import { expect, test } from '../support/test.ts';
import { tour } from '../support/tour.ts';
import { faded, field, link, receiptHeading, referenceForm, setupForm, signInAt, submit, valueForm } from '../support/pages.ts';

for (const [name, open] of Object.entries(tour)) {
  test(`axe finds nothing, and nothing scrolls sideways: ${name}`, async ({ page, demo, sandbox }) => {
    await open({ page, demo, sandbox });
    const axe = await Axe.into(page);
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      let seen: string[] = [];
      for (const media of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { colorScheme: 'light', forcedColors: 'active' }] as const) {
        await page.emulateMedia({ forcedColors: 'none', ...media });
        const how = `${width} px, ${Object.values(media).join(', ')}`;
        await faded(page);
        // Where nothing but colours differs from what was looked at, only what goes by colours can find anything new.
        const outline = await axe.outline();
        const same = isDeepStrictEqual(outline, seen);
        expect.soft(await (same ? axe.violationsOfColours() : axe.violations()), how).toEqual([]);
        expect.soft(await sideways(page), how).toBe(0);
        seen = outline;
      }
    }
    await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
    await expectToFit(page, name);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  });
}

test('axe is able to find something', async ({ page }) => {
  await page.setContent('<!doctype html><html lang="en"><title>x</title><main><h1>x</h1><img src="x"><p style="color:#999">grey</p></main>');
  const axe = await Axe.into(page);
  const found = (await axe.violations()).join('\n');
  expect(found).toContain('image-alt');
  expect(found).toContain('color-contrast');
  expect((await axe.violationsOfColours()).join('\n')).toContain('color-contrast');
});

test('nothing moves while a form comes', async ({ page, account }) => {
  await signInAt(page, '/', account('admin'));
  await expect(page).toHaveURL('/');
  for (const form of [setupForm, valueForm, referenceForm]) {
    await page.goto(form);
    // Once the page is drawn something is moved on purpose: when that is seen, all that has moved before has been seen, too.
    const moved = await page.evaluate(() => new Promise<string[]>((done) => {
      const before: string[] = [];
      let now = Infinity;
      new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) {
          if (shift.startTime >= now) return done(before);
          before.push(JSON.stringify(shift));
        }
      }).observe({ type: 'layout-shift', buffered: true });
      new PerformanceObserver(() => requestAnimationFrame(() => requestAnimationFrame(() => {
        if (now !== Infinity) return;
        now = performance.now();
        document.querySelector('main')!.prepend(Object.assign(document.createElement('p'), { textContent: 'This moves the page.' }));
      }))).observe({ type: 'paint', buffered: true });
    }));
    expect(moved, form).toEqual([]);
  }
});

test('the keyboard alone opens the form, fills it in and sends it', async ({ page, account, sandbox }) => {
  await signInAt(page, '/', account('admin'));
  await expect(page).toHaveURL('/');

  const tabTo = tabsOn(page);
  await tabTo('a[href="#main"]');
  await expect(page.getByRole('link', { name: 'Skip to the content' }), 'the first stop leads past the header').toBeInViewport();
  await page.keyboard.press('Enter');
  await tabTo(`main a[href="${referenceForm}"]`);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(referenceForm);

  await tabTo('#projectId');
  await page.keyboard.type('Finance');
  await tabTo('#otherProjectId');
  await page.keyboard.insertText('not looked at, because one is chosen');
  await tabTo('#secretReferenceName');
  await page.keyboard.type('BY_KEYBOARD');
  await tabTo('[name="agentType"]');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Matillion hosted' })).toBeChecked();
  await expect(page.getByRole('radio', { name: 'Matillion hosted' })).toBeFocused();
  await tabTo('#agentId');
  await page.keyboard.type('matillion');
  await tabTo('[name="valueFormat"]');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[name="valueFormat"][value="pairs"]')).toBeChecked();
  for (const [key, value] of [['user', 'u'], ['pass', 'p']]) {
    await tabTo('[name="pairKey"]');
    await page.keyboard.type(key);
    await tabTo('[name="pairValue"]');
    await page.keyboard.type(value);
  }
  await tabTo('[type="submit"]');
  await page.keyboard.press('Enter');
  await expect(await receiptHeading(page)).toHaveText('The reference BY_KEYBOARD was created');
  expect((await sandbox.hosted(sandbox.project(), 'BY_KEYBOARD')).toString()).toBe('{"user":"u","pass":"p"}');

  await tabTo('.who, header button');
  await page.keyboard.press('Enter');
  await tabTo('form[action="/logout"] button');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/signed-out');
});

test('the keyboard alone stores a value, goes on to its reference, and sets up a secret', async ({ page, account, sandbox }) => {
  await signInAt(page, '/', account('admin'));
  await expect(page).toHaveURL('/');
  const tabTo = tabsOn(page);
  const choose = async (what: string, id: string) => {
    await tabTo(what);
    const label = await page.locator(what).locator(`option[value="${id}"]`).innerText();
    // Keys that come too far apart begin a new word: then all of it is typed once more.
    await expect(async () => {
      await page.keyboard.type(label.split(' ')[0]!);
      await expect(page.locator(what)).toHaveValue(id, { timeout: 2000 });
    }).toPass();
  };
  const type = async (what: string, text: string) => {
    await tabTo(what);
    await page.keyboard.type(text);
  };
  const press = async (what: string) => {
    await tabTo(what);
    await page.keyboard.press('Enter');
  };
  const follow = async (what: string, to: string | RegExp) => {
    await press(what);
    await expect(page).toHaveURL(to);
  };

  await follow(`nav a[href="${valueForm}"]`, valueForm);
  await choose('#agentId', sandbox.agent('AWS'));
  await type('#name', 'by-keyboard');
  await type('#valueText', 'typed');
  await tabTo('[name="check"]');
  await page.keyboard.press('Space');
  await press('summary');
  await choose('#projectId', sandbox.project());
  await type('#ticket', 'CHG-4711');
  await press('main form [type="submit"]');
  await expect(await receiptHeading(page)).toHaveText('The value by-keyboard was stored');
  expect((await sandbox.vault(sandbox.agent('AWS'), 'by-keyboard')).toString()).toBe('{"password":"typed"}');

  await follow('main a.button', new RegExp(`${referenceForm}\\?`));
  await type('#secretReferenceName', 'BY_KEYBOARD');
  await press('main form [type="submit"]');
  await expect(await receiptHeading(page)).toHaveText('The reference BY_KEYBOARD was created');

  await follow(`nav a[href="${setupForm}"]`, setupForm);
  await follow('main a[href$="recipe=oauth-client"]', /recipe=oauth-client$/);
  await choose('#projectId', sandbox.project());
  await choose('#agentId', sandbox.agent('AWS'));
  await type('#secretReferenceName', 'BY_KEYBOARD_TOO');
  await type('#pairValue-1', 'who');
  await type('#pairValue-2', 'what');
  await press('main form [type="submit"]');
  await expect(await receiptHeading(page)).toHaveText('The secret BY_KEYBOARD_TOO was set up');
});

/** What presses Tab until somebody would say: here it is. The focus shows at each stop. */
function tabsOn(page: Page): (what: string) => Promise<void> {
  return async (what) => {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      await expectVisibleFocus(page);
      if (await page.evaluate((selector) => document.activeElement?.matches(selector), what)) return;
    }
    throw new Error(`the Tab key does not come to ${what}`);
  };
}

/** The focus shows: something is drawn around the control, or around the card that it stands in. */
async function expectVisibleFocus(page: Page): Promise<void> {
  const shown = await page.evaluate(() => {
    const active = document.activeElement;
    if (!active || active === document.body) return true; // the browser's own controls
    const drawn = (e: Element | null) => e !== null && getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) > 0;
    return drawn(active) || drawn(active.closest('label'));
  });
  const what = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  expect(shown, `the focus shows at ${what}`).toBe(true);
}

test('very long names and messages neither widen a page nor are cut', async ({ page, account, sandbox }) => {
  const name = 'W'.repeat(128);
  const secretName = 'M'.repeat(500);
  await signInAt(page, link(referenceForm, { projectId: sandbox.project(), secretReferenceName: name, agentType: 'AWS', secretName, secretKey: 'K'.repeat(500), description: 'D'.repeat(256) }), account('admin'));
  await expect(field(page, 'secretName')).toHaveValue(secretName);
  await expectToFit(page, 'the form');
  await submit(page);
  await expect(await receiptHeading(page)).toContainText(name);
  await expectToFit(page, 'the receipt');

  await page.goto(link(valueForm, { agentId: 'x'.repeat(128), name: secretName, valueFormat: 'pairs', pairKey: ['P'.repeat(300), 'Q'.repeat(300)] }));
  await expectToFit(page, 'rows of pairs');
  await submit(page);
  await expect(page).toHaveTitle(/^Error:/);
  await expectToFit(page, 'errors');
  for (const path of ['/', '/activity']) {
    await page.goto(path);
    await expect(page.getByText(name)).toBeVisible();
    await expectToFit(page, path);
  }
  await page.goto(`/${'nowhere'.repeat(60)}`);
  await expectToFit(page, 'an address that leads nowhere');
});

test('a text that is cut is seen', async ({ page }) => {
  await page.setContent('<p style="width:5em;overflow:hidden;white-space:nowrap">cut off at its end</p><p style="width:5em">notbrokenanywhereatall</p><p>fine</p>');
  expect(await cutTexts(page)).toEqual(['cut off at its end', 'notbrokenanywhereatall']);
});

test('an outcome is a word and a sign, not a colour alone', async ({ page, account, sandbox }) => {
  await signInAt(page, '/', account('admin'));
  await expect(page).toHaveURL('/');
  for (const name of ['FINE', 'demo-timeout', 'demo-conflict']) {
    await page.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: name, agentType: 'AWS', secretName: 'prod/x' }));
    await submit(page);
    await page.waitForLoadState();
  }
  await page.goto('/activity');
  for (const word of ['Created', 'Result unknown', 'Name taken']) {
    const cell = page.getByRole('cell', { name: word });
    await expect(cell).toBeVisible();
    await expect(cell.locator('svg')).toBeVisible();
  }
});

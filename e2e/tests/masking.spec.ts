import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { choose, field, link, referenceForm, valueForm } from '../support/pages.ts';

const secretNames = ['valueText', 'valueJSON', 'valueFile', 'pairValue'];

const secrets = (page: Page): Locator => page.locator(secretNames.map((name) => `main form [name="${name}"]`).join(', '));

const look = (control: Locator): Promise<string> => control.evaluate((e) => getComputedStyle(e).getPropertyValue('-webkit-text-security'));

for (const form of [referenceForm, valueForm]) {
  test(`${form}: every secret field keeps browsers and password managers away`, async ({ admin }) => {
    await admin.goto(form);
    const found = await secrets(admin).evaluateAll((all) => all.map((e) => ({
      tag: e.localName,
      name: e.getAttribute('name')!,
      type: e.getAttribute('type'),
      attributes: Object.fromEntries([...e.attributes].map((a) => [a.name, a.value])),
    })));
    expect(new Set(found.map((f) => f.name)), 'all of them are there').toEqual(new Set(secretNames));
    for (const { tag, name, type, attributes } of found) {
      expect([tag, type], `${name}: browsers offer to save what is typed into a password field`).toEqual(name === 'valueFile' ? ['input', 'file'] : ['textarea', null]);
      expect(attributes, name).toMatchObject({
        autocomplete: 'off', spellcheck: 'false', autocorrect: 'off', autocapitalize: 'off', translate: 'no', writingsuggestions: 'false',
        'data-lpignore': 'true', 'data-1p-ignore': expect.any(String), 'data-bwignore': expect.any(String),
      });
      expect(attributes, `${name} has no value, ever`).not.toHaveProperty('value');
    }
    await expect(admin.locator('input[type="password"]')).toHaveCount(0);
  });
}

for (const [format, name] of Object.entries({ text: 'valueText', json: 'valueJSON', pairs: 'pairValue' })) {
  test(`${format}: masked at first; the box shows it, and for 30 seconds only`, async ({ admin }) => {
    await admin.goto(link(valueForm, { valueFormat: format }));
    const control = field(admin, name);
    await control.fill('line one\nline two');
    expect(await look(control)).toBe('disc');

    const box = admin.getByRole('checkbox', { name: /Show what I type/ });
    await expect(box, 'one box, for what is visible').toHaveCount(1);
    await expect(box).not.toBeChecked();
    await box.check();
    expect(await look(control)).toBe('none');
    const again = admin.getByText('Hidden again').filter({ visible: true });
    await expect(again).toHaveCount(0);

    // Time goes on, without waiting for it.
    const goTo = (milliseconds: number) => admin.evaluate((time) => {
      for (const animation of document.getAnimations()) {
        animation.pause();
        animation.currentTime = time;
      }
    }, milliseconds);
    await goTo(29_900);
    expect(await look(control)).toBe('none');
    await goTo(30_100);
    expect(await look(control)).toBe('disc');
    await expect(again).toHaveCount(1);

    await box.uncheck();
    expect(await look(control)).toBe('disc');
    await box.check();
    expect(await look(control), 'ticked again, it shows again').toBe('none');
  });
}

test('every row of pairs is masked', async ({ admin }) => {
  await admin.goto(link(valueForm, { valueFormat: 'pairs' }));
  for (const row of [1, 2, 3]) {
    await admin.getByLabel(`Property ${row}, value`).fill(`secret ${row}`);
    expect(await look(admin.getByLabel(`Property ${row}, value`))).toBe('disc');
  }
});

test('the value of a hosted reference is masked, too', async ({ admin }) => {
  await admin.goto(link(referenceForm, { agentType: 'Matillion hosted' }));
  await field(admin, 'valueText').fill('secret');
  expect(await look(field(admin, 'valueText'))).toBe('disc');
});

test('the box works by the keyboard and is not submitted', async ({ admin }) => {
  await admin.goto(valueForm);
  await field(admin, 'valueText').fill('secret');
  const box = admin.getByRole('checkbox', { name: /Show what I type/ });
  await expect(box).not.toHaveAttribute('name');
  await box.focus();
  await admin.keyboard.press('Space');
  expect(await look(field(admin, 'valueText'))).toBe('none');
});

test('people who want less motion can still look at what they type', async ({ admin }) => {
  await admin.emulateMedia({ reducedMotion: 'reduce' });
  await admin.goto(valueForm);
  await field(admin, 'valueText').fill('secret');
  await admin.getByRole('checkbox', { name: /Show what I type/ }).check();
  expect(await look(field(admin, 'valueText'))).toBe('none');
});

test('paper gets neither a secret nor its length', async ({ admin }) => {
  await admin.goto(link(valueForm, { valueFormat: 'text' }));
  await field(admin, 'valueText').fill('secret');
  await admin.emulateMedia({ media: 'print' });
  await expect(field(admin, 'valueText')).toBeHidden();
  await expect(field(admin, 'name')).toBeVisible();
});

test('switching the format away and back does not leave the secret open', async ({ admin }) => {
  await admin.goto(valueForm);
  await field(admin, 'valueText').fill('secret');
  await choose(admin, 'valueFormat', 'json');
  await choose(admin, 'valueFormat', 'text');
  expect(await look(field(admin, 'valueText'))).toBe('disc');
});

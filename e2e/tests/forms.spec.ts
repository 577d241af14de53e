import { readFile, writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { answerOf, choose, field, link, referenceForm, setupForm, submitButton, summary, unfold, valueForm } from '../support/pages.ts';

// Somebody who comes three times a year, in a hurry, perhaps on a phone: short forms, in an order that a keyboard can
// follow, that read like what they are.

const hosted = link(referenceForm, { agentType: 'Matillion hosted' });
const withUse = (form: string) => link(form, { recipe: 'password' });

const phone = { width: 360, height: 800 };
const desk = { width: 1280, height: 800 };

const heightOf = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollHeight);

test('a password: the button shows without scrolling, and on a phone the form takes two screens', async ({ admin }) => {
  await admin.setViewportSize(desk);
  await admin.goto(withUse(valueForm));
  await expect(submitButton(admin)).toBeInViewport({ ratio: 1 });
  await admin.setViewportSize(phone);
  expect(await heightOf(admin)).toBeLessThanOrEqual(2 * phone.height);
});

/** The heights that pages may have, where each has been higher. */
const highest: Record<string, { at360: number; at1280: number }> = {
  [valueForm]: { at360: 2300, at1280: 1300 },
  [referenceForm]: { at360: 1840, at1280: 1100 },
  [hosted]: { at360: 3150, at1280: 1700 },
  [setupForm]: { at360: 3250, at1280: 1900 },
  [withUse(setupForm)]: { at360: 2600, at1280: 1550 },
};

test('the other forms stay short', async ({ admin }) => {
  for (const [address, { at360, at1280 }] of Object.entries(highest)) {
    await admin.setViewportSize(phone);
    await admin.goto(address);
    expect.soft(await heightOf(admin), `${address} on a phone`).toBeLessThanOrEqual(at360);
    await admin.setViewportSize(desk);
    expect.soft(await heightOf(admin), address).toBeLessThanOrEqual(at1280);
  }
});

test('what the secret is for comes before the form, and is one line once chosen', async ({ admin, sandbox }) => {
  for (const form of [setupForm, valueForm, referenceForm]) {
    await admin.goto(link(form, { agentId: sandbox.agent('AWS'), ticket: 'CHG-1' }));
    const first = admin.getByRole('navigation', { name: 'Choose first' });
    const isBeforeTheForm = await first.evaluate((e) => e.nextElementSibling?.matches('form'));
    expect(isBeforeTheForm, form).toBe(true);
    await first.getByRole('link', { name: 'A password or token' }).click();
    await expect(first).toContainText('For: a password or token · change');
    await expect(first.getByRole('list')).toHaveCount(0);
    await expect(field(admin, 'ticket'), 'what the link has comes along').toHaveValue('CHG-1');
    if (form === referenceForm) await expect(admin.getByRole('radio', { name: 'Matillion hosted' })).toBeChecked();
    await first.getByRole('link', { name: 'change what it is for' }).click();
    await expect(first.getByRole('link', { name: 'A password or token' })).toBeVisible();
    await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('AWS'));
  }
});

const folded: Record<string, string[]> = {
  [valueForm]: ['projectId', 'type', 'key', 'ticket', 'renewBy'],
  [setupForm]: ['type', 'key', 'ticket', 'renewBy'],
  [hosted]: ['key', 'ticket', 'renewBy'],
};

const fold = (page: Page) => page.locator('main form details');

for (const [form, names] of Object.entries(folded)) {
  test(`${form}: what few people need is folded, and opens where it has something or is wrong`, async ({ admin, sandbox }) => {
    await admin.goto(form);
    for (const name of names) await expect(field(admin, name), name).toBeHidden();
    await unfold(admin);
    for (const name of names) await expect(field(admin, name), name).toBeVisible();

    const filled: Record<string, string> = { projectId: sandbox.project(), type: 'OTHER', key: 'token', ticket: 'CHG-1', renewBy: '2030-01-31' };
    for (const name of names) {
      await admin.goto(`${form}${form.includes('?') ? '&' : '?'}${name}=${filled[name]}`);
      await expect(field(admin, name), `${name} from a link`).toBeVisible();
    }
    await admin.goto(form);
    await unfold(admin);
    await field(admin, 'renewBy').fill('2001-01-01');
    expect((await answerOf(admin)).status()).toBe(422);
    await expect(field(admin, 'renewBy')).toBeVisible();
    const last = summary(admin).getByRole('link').last();
    await expect(last, 'the fold is the last thing on the form').toHaveAttribute('href', '#renewBy');
    await last.click();
    await expect(field(admin, 'renewBy')).toBeFocused();
  });
}

test('a use comes along to the page of agents and back, and nothing of it is taken for the link’s own', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { recipe: 'oauth-client', ticket: 'CHG-1' }));
  await admin.getByRole('link', { name: 'Choose from a list of agents' }).click();
  await admin.getByRole('link', { name: 'aws-fargate-eu' }).click();
  await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('AWS'));
  await expect(admin.getByRole('navigation', { name: 'Choose first' })).toContainText('For: an OAuth client');
  await expect(admin.getByRole('textbox', { name: 'Client secret' })).toBeVisible();
  await expect(field(admin, 'type')).toHaveValue('OAUTH_CLIENT_CREDENTIALS');
  await expect(field(admin, 'type')).not.toHaveAccessibleDescription(/From the link/);
  await expect(field(admin, 'ticket')).toHaveAccessibleDescription(/From the link/);
});

test('what a use says of the folded fields opens nothing', async ({ admin }) => {
  await admin.goto(link(valueForm, { recipe: 'oauth-client' }));
  await expect(field(admin, 'type')).toHaveValue('OAUTH_CLIENT_CREDENTIALS');
  await expect(field(admin, 'type')).toBeHidden();
  expect((await answerOf(admin)).status()).toBe(422);
  await expect(fold(admin)).not.toHaveAttribute('open');
});

test('a list that Maia did not give opens the fold that says so', async ({ admin, sandbox }) => {
  await sandbox.switchLists('403');
  await admin.goto(valueForm);
  await expect(field(admin, 'projectId')).toHaveAccessibleDescription(/Maia did not give the list of projects/);
  await expect(field(admin, 'projectId')).toBeVisible();
});

/** Where the Tab key stops between the first link above the form and its button, by name, else by what is there. */
async function stops(page: Page): Promise<string[]> {
  const names: string[] = [];
  await page.locator('main').focus();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const e = document.activeElement as HTMLInputElement;
      return e.type === 'submit' ? 'submit' : e.name || (e.className === 'show' ? 'show' : '') || e.localName;
    });
    if (!(name === 'a' && names.at(-1) === 'a')) names.push(name);
    if (name === 'submit') return names;
  }
  throw new Error(`the Tab key does not come to the button: ${names.join(' ')}`);
}

test('the keyboard goes through each form in the order in which it reads', async ({ admin }) => {
  const value = ['valueFormat', 'valueText', 'show', 'check'];
  const places = ['projectId', 'otherProjectId', 'agentId', 'otherAgentId'];
  await admin.goto(setupForm);
  expect(await stops(admin)).toEqual(['a', ...places, 'agentType', 'secretReferenceName', 'description', 'name', 'vaultName', 'a', ...value, 'summary', 'submit']);
  await admin.goto(valueForm);
  expect(await stops(admin)).toEqual(['a', 'agentId', 'otherAgentId', 'name', 'a', ...value, 'summary', 'submit']);
  await admin.goto(hosted);
  expect(await stops(admin)).toEqual(['a', 'projectId', 'otherProjectId', 'secretReferenceName', 'description', 'agentType', 'agentId', 'otherAgentId', 'a', ...value, 'summary', 'submit']);
  await choose(admin, 'agentType', 'AWS');
  expect(await stops(admin)).toEqual(['a', 'projectId', 'otherProjectId', 'secretReferenceName', 'description', 'a', 'agentType', 'secretName', 'secretKey', 'summary', 'submit']);

  await admin.goto(withUse(valueForm));
  await fold(admin).locator('summary').focus();
  await admin.keyboard.press('Enter');
  expect(await stops(admin), 'opened by the keyboard').toEqual([
    'a', 'agentId', 'otherAgentId', 'name', 'a', 'valueText', 'show', 'check',
    'summary', 'projectId', 'otherProjectId', 'type', 'ticket', 'renewBy', 'renewBy', 'renewBy', 'renewBy', 'submit',
  ]);
});

test('a field that is required says so', async ({ admin }) => {
  const required = () => admin.locator('main form [aria-required="true"]').evaluateAll((all) => all.filter((e) => e.checkVisibility()).map((e) => e.id || e.getAttribute('aria-label')));
  await admin.goto(valueForm);
  expect(await required()).toEqual(['agentId', 'name', 'valueText']);
  await admin.goto(hosted);
  expect(await required()).toEqual(['projectId', 'secretReferenceName', 'Agent type', 'agentId', 'valueText']);
  await admin.goto(link(setupForm, { agentType: 'Azure', recipe: 'snowflake-component-key' }));
  expect(await required()).toEqual(['projectId', 'agentId', 'secretReferenceName', 'vaultName', 'pairValue-1']);
});

test('that the mask has closed is said, and the words at the box are true then', async ({ admin }) => {
  await admin.goto(valueForm);
  await field(admin, 'valueText').fill('secret');
  // It has to be there before it has something to say.
  const said = admin.locator('[data-format="text"] [role="status"]');
  expect(await said.ariaSnapshot()).toBe('- status');
  const box = admin.getByRole('checkbox', { name: 'Show what I type for 30 seconds from the tick' });
  await box.check();
  expect(await said.ariaSnapshot()).toBe('- status');
  await admin.evaluate(() => {
    for (const animation of document.getAnimations()) {
      animation.pause();
      animation.currentTime = 30_100;
    }
  });
  expect(await said.ariaSnapshot()).toBe('- status: Hidden again. Untick and tick the box to show it.');
  await expect(box).toBeChecked();
});

/** What is kept of the forms. GOLDEN=update writes it anew. */
const golden = (name: string) => new URL(`forms.golden/${name}.txt`, import.meta.url);

test('what a screen reader has of each form reads like the form', async ({ admin }) => {
  const forms: Record<string, string> = {
    setup: setupForm, 'setup-password': withUse(setupForm), value: valueForm, 'value-password': withUse(valueForm), reference: referenceForm, 'reference-hosted': hosted,
  };
  for (const [name, address] of Object.entries(forms)) {
    await admin.goto(address);
    await unfold(admin);
    // Until when somebody is signed in is another time in each run, and so are agents that are paused until then.
    const tree = (await admin.getByRole('main').ariaSnapshot())
      .replaceAll(/(until) [^\n:"]*\d\d:\d\d UTC/g, '$1 a time')
      .replaceAll(/time: \d\d:\d\d UTC/g, 'time: a time')
      .replaceAll(/\(in [^)]*\)/g, '(in some time)') + '\n';
    if (process.env.GOLDEN === 'update') await writeFile(golden(name), tree);
    expect.soft(tree, name).toBe(await readFile(golden(name), 'utf8'));
  }
});

test('main actions and fields are big enough for a thumb', async ({ admin }) => {
  await admin.setViewportSize({ width: 320, height: 640 });
  for (const form of [setupForm, valueForm, hosted]) {
    await admin.goto(form);
    await unfold(admin);
    const small = (what: string, least: number) => admin.locator(what).evaluateAll((all, height) =>
      all.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < height).map((e) => e.outerHTML.slice(0, 120)), least);
    expect(await small('main form :is(button, summary, select, textarea, input:not([type=radio], [type=checkbox], [type=hidden]), .card)', 44), form).toEqual([]);
    expect(await small('.first a, main form label:has([type=checkbox])', 24), form).toEqual([]);
  }
});

test('a project that a link fills in is seen before the secret is typed', async ({ admin }) => {
  const unknown = '5d1c6f0e-3b0a-4a58-9a1e-00000000dead';
  await admin.goto(link(valueForm, { projectId: unknown }));
  await expect(admin.getByText('None of your projects has this id')).toBeVisible();
  const top = async (name: string) => (await admin.locator(`form [name="${name}"]`).filter({ visible: true }).first().boundingBox())!.y;
  expect(await top('otherProjectId')).toBeLessThan(await top('valueText'));
  // What few people need stays where it is.
  await expect(field(admin, 'ticket')).toBeHidden();

  // What is wrong is listed as it stands on the page: the project before the name.
  await admin.goto(link(valueForm, { projectId: 'no id' }));
  expect((await answerOf(admin)).status()).toBe(422);
  const listed = await summary(admin).getByRole('link').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  expect(listed.findIndex((href) => /rojectId$/.test(href!)), listed.join()).toBeLessThan(listed.indexOf('#valueText'));
  expect(listed.findIndex((href) => /rojectId$/.test(href!)), 'the project is listed').toBeGreaterThanOrEqual(0);
});

import { choose, expect, field, test, visible } from '../support/engine.ts';
import { link, referenceForm, valueForm } from '../support/pages.ts';
import type { Tab } from '../support/tab.ts';

// S-35: what is typed into a secret field is masked, in every engine; looking at it ends by itself.

const look = (tab: Tab, control: string): Promise<string> => tab.run((s: string) => getComputedStyle(document.querySelector(s)!).getPropertyValue('-webkit-text-security'), control);

for (const [format, name] of Object.entries({ text: 'valueText', json: 'valueJSON', pairs: 'pairValue' })) {
  test(`${format}: masked at first; the box shows it, and for 30 seconds only`, async ({ tab }) => {
    const control = field(name);
    const box = `#${name}-show`;
    const hiddenAgain = () => visible(tab, '.again').then((all) => all.length > 0);
    await tab.goto(link(valueForm, { valueFormat: format }));
    await tab.type(control, 'line one\nline two');
    expect(await look(tab, control)).toBe('disc');

    await tab.click(box);
    expect(await look(tab, control)).toBe('none');
    expect(await hiddenAgain()).toBe(false);

    // Time goes on, without waiting for all of it.
    await tab.run(() => {
      for (const animation of document.getAnimations()) {
        animation.pause();
        animation.currentTime = 29_900;
      }
    });
    expect(await look(tab, control)).toBe('none');
    await tab.run(() => {
      for (const animation of document.getAnimations()) animation.play();
    });
    await expect.poll(() => look(tab, control)).toBe('disc');
    await expect.poll(hiddenAgain).toBe(true);

    await tab.click(box);
    expect(await look(tab, control)).toBe('disc');
    await tab.click(box);
    expect(await look(tab, control), 'ticked again, it shows again').toBe('none');
  });
}

test('the value of a hosted reference is masked, too', async ({ tab }) => {
  await tab.goto(link(referenceForm, { agentType: 'Matillion hosted' }));
  await tab.type(field('valueText'), 'secret');
  expect(await look(tab, field('valueText'))).toBe('disc');
});

test('every row of pairs is masked and shown', async ({ tab }) => {
  await tab.goto(link(valueForm, { valueFormat: 'pairs' }));
  const rows = [1, 2, 3].map((row) => `[aria-label="Property ${row}, value"]`);
  for (const row of rows) await tab.type(row, 'secret');
  for (const row of rows) expect(await look(tab, row)).toBe('disc');
  await tab.click('#pairValue-show');
  for (const row of rows) expect(await look(tab, row)).toBe('none');
});

test('switching the format away and back does not leave the secret open', async ({ tab }) => {
  await tab.goto(valueForm);
  await choose(tab, 'valueFormat', 'text');
  await tab.type(field('valueText'), 'secret');
  await choose(tab, 'valueFormat', 'json');
  await choose(tab, 'valueFormat', 'text');
  expect(await look(tab, field('valueText'))).toBe('disc');
});

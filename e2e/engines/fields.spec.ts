import { choose, expect, field, test, visible } from '../support/engine.ts';
import { link, referenceForm, valueForm } from '../support/pages.ts';

// Forms follow what is chosen and typed by :has() alone.

const fieldsOf = { AWS: ['secretName', 'secretKey'], Azure: ['vaultName', 'secretName', 'secretKey'], 'Matillion hosted': ['agentId', 'valueText'] };

test('a reference asks for what belongs to its type, and for nothing else', async ({ tab }) => {
  await tab.goto(referenceForm);
  const all = [...new Set(Object.values(fieldsOf).flat())].map(field).join(', ');
  expect(await visible(tab, all), 'nothing before a type is chosen').toEqual([]);
  for (const [type, want] of Object.entries(fieldsOf)) {
    await choose(tab, 'agentType', type);
    if (type === 'Matillion hosted') await choose(tab, 'valueFormat', 'text');
    expect(new Set(await visible(tab, all)), type).toEqual(new Set(want));
  }
});

test('a value is asked for in the format that is chosen', async ({ tab }) => {
  await tab.goto(valueForm);
  const fields = { json: 'valueJSON', file: 'valueFile', text: 'valueText' };
  for (const [format, name] of Object.entries(fields)) {
    await choose(tab, 'valueFormat', format);
    expect(await visible(tab, Object.values(fields).map(field).join(', ')), format).toEqual([name]);
  }
});

test('a row for another pair is there as soon as one is begun', async ({ tab }) => {
  await tab.goto(link(valueForm, { valueFormat: 'pairs' }));
  const rows = () => visible(tab, '[name="pairKey"]').then((all) => all.length);
  expect(await rows()).toBe(1);
  await tab.type('[aria-label="Property 1, name"]', 'k');
  expect(await rows()).toBe(3);
  await tab.type('[aria-label="Property 3, value"]', 'v');
  expect(await rows()).toBe(5);
});

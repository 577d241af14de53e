import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { field, fillAll, link, pick, receiptHeading, recorded, referenceForm, signInAt, signInUnseen, submit, summary, valueForm } from '../support/pages.ts';
import { type Accident, Gate } from '../support/gate.ts';
import type { Sandbox } from '../support/sandbox.ts';

// From the link in the wiki to a name that pipelines can use, and from every accident on the way to a good end.

const setupForm = '/setup';
const secret = 'kept by the vault alone';

type Kind = 'AWS' | 'Azure' | 'Matillion hosted';

const fieldsOf = (sandbox: Sandbox, kind: Kind, name: string): Record<string, string> => ({
  projectId: sandbox.project(), agentId: sandbox.agent(kind), secretReferenceName: name,
  ...(kind === 'Azure' ? { vaultName: 'contoso-kv', name: name.replaceAll('_', '-') } : {}),
  ...(kind === 'Matillion hosted' ? { agentType: kind } : {}),
});

for (const kind of ['AWS', 'Azure', 'Matillion hosted'] as const) {
  test(`from a link, through the login, to a finished secret: ${kind}`, async ({ page, account, sandbox }) => {
    const fields = fieldsOf(sandbox, kind, 'FROM_THE_WIKI');
    await signInAt(page, link(setupForm, { ...fields, ticket: 'CHG-4711', renewBy: '2030-01-31' }), account('admin'));
    await field(page, 'valueText').fill(secret);
    await submit(page);
    await expect(await receiptHeading(page)).toHaveText('The secret FROM_THE_WIKI was set up');
    await expect(page.getByText('password: "FROM_THE_WIKI"', { exact: true })).toBeVisible();
    await expect(recorded(page, 'Ticket')).toHaveText('CHG-4711');
    await expect(recorded(page, 'Renew by')).toHaveText('31 January 2030');
    await expect(recorded(page, 'Project name')).not.toBeEmpty();
    const stored = kind === 'Matillion hosted'
      ? await sandbox.hosted(sandbox.project(), 'FROM_THE_WIKI')
      : await sandbox.vault(fields.agentId!, fields.name ?? 'FROM_THE_WIKI');
    expect(stored.toString()).toBe(JSON.stringify({ password: secret }));
    expect(await sandbox.writes()).toHaveLength(kind === 'Matillion hosted' ? 1 : 2);
  });
}

const accidents: Accident[] = [400, 403, 404, 409, 429, 500, 504, 'hang', 'reset'].flatMap((ends) => {
  const plain = { ends } as Accident;
  // Maia may have done what it does not answer, or answers with a failure of its own.
  return [500, 504, 'hang', 'reset'].includes(ends) ? [plain, { ...plain, done: true }] : [plain];
});

/** What each answer to the reference's call says on the receipt. The value is stored in every case. */
const missing: Record<Accident['ends'], RegExp> = {
  400: /refused what was entered for the reference/,
  403: /role Owner or Contributor/,
  404: /no such project/,
  409: /exists in the project already/,
  429: /Wait a minute/,
  500: /failed when the reference’s turn came/,
  504: /no clear answer came/,
  hang: /no clear answer came/,
  reset: /no clear answer came/,
};

const unclear = (accident: Accident): boolean => [504, 'hang', 'reset'].includes(accident.ends);

/** Opens a page, or sends a form, and waits until what comes of it is there. */
async function turn(page: Page, step: () => Promise<void>): Promise<void> {
  const loaded = page.waitForEvent('load');
  await step();
  await loaded;
}

/**
 * Does what the page offers next, as somebody who wants the secret set up and does nothing twice, and tells what it was.
 * Only a form that comes back with an error asks for the secret again.
 */
async function goOn(page: Page, before: string[], name: string, free: Record<string, string>): Promise<string> {
  const ask = page.getByRole('button', { name: 'Ask Maia whether it is there' });
  if (!before.includes('ask') && (await ask.count())) {
    await turn(page, () => ask.click());
    return 'ask';
  }
  const taken = Object.keys(free).length > 0;
  const steps = taken ? [] : ['See the result for', 'Finish the reference', 'Create a reference to the one that is there'];
  for (const label of steps) {
    const onward = page.getByRole('link', { name: new RegExp(`^${label}`) });
    if (before.includes(label) || !(await onward.count())) continue;
    await turn(page, () => onward.first().click());
    if (label !== 'See the result for') {
      await expect(field(page, 'secretName')).toHaveValue(name);
      await expect(field(page, 'secretKey')).toHaveValue('password');
      await turn(page, () => submit(page));
    }
    return label;
  }
  const again = page.getByRole('link', { name: 'Try again with a filled-in form' });
  const said = (await again.count()) ? 'try again' : 'send again';
  if (said === 'try again') await turn(page, () => again.click());
  else await expect(field(page, 'description')).toHaveValue('nightly & daily');
  await expect(field(page, 'valueText')).toHaveValue('');
  await fillAll(page, { ...free, valueText: secret });
  await turn(page, () => submit(page));
  return taken ? 'another name' : said;
}
/** What the pages offer after an accident, in turn, until the secret is set up. */
function wayOn(hosted: boolean, halfWay: boolean, accident: Accident): string[] {
  const { ends, done } = accident;
  if (halfWay) return ['Finish the reference', ...(done ? ['See the result for'] : [])];
  if (ends === 409) return ['another name'];
  if (!unclear(accident) && !done) return ['send again'];
  if (hosted && unclear(accident)) return ['ask', ...(done ? [] : ['try again'])];
  if (hosted) return ['send again']; // which says that it is there
  if (!done) return ['try again'];
  if (unclear(accident)) return ['try again', 'See the result for', 'Finish the reference'];
  return ['send again', 'See the result for', 'try again', 'Create a reference to the one that is there'];
}

const places = ['AWS', 'Azure', 'Matillion hosted'] as const;

for (const { kind, step } of places.flatMap((kind) => [{ kind, step: 'value' }, { kind, step: 'reference' }])) {
  const hosted = kind === 'Matillion hosted';
  if (hosted && step === 'value') continue; // Matillion hosted is one call
  test(`every accident of the ${step}’s call comes to a good end: ${kind}`, async ({ page, demo, account, sandbox, newPortal }) => {
    test.setTimeout(180_000);
    const gate = await Gate.before(demo.maiaUrl);
    gate.release();
    const url = await newPortal({ PORTAL_MAIA_URL: gate.url, PORTAL_MAIA_TIMEOUT: '5s', PORTAL_SUBMISSIONS_PER_MINUTE: '0' });
    await signInUnseen(page, url, account('admin'));
    const halfWay = !hosted && step === 'reference';

    for (const accident of accidents) {
      await test.step(`${accident.ends}${accident.done ? ', though done' : ''}`, async () => {
        let reference = `ENDS_WELL_${accident.ends}${accident.done ? '_DONE' : ''}`.toUpperCase();
        let name = hosted ? '' : reference.toLowerCase().replaceAll('_', '-');
        const fields: Record<string, string> = { ...fieldsOf(sandbox, kind, reference), ...(name ? { name } : {}) };
        const before = (await sandbox.writes()).length;
        await page.goto(url + link(setupForm, { ...fields, description: 'nightly & daily' }));
        await field(page, 'valueText').fill(secret);
        gate.strike(accident, halfWay ? 1 : 0);
        await turn(page, () => submit(page));

        const heading = page.getByRole('heading', { level: 1 });
        if (halfWay) {
          await expect(heading).toHaveText(`The value of ${reference} is stored, the reference is missing`);
          await expect(page.getByRole('main')).toContainText(missing[accident.ends]);
        } else if (unclear(accident)) {
          await expect(heading).toHaveText(`The secret ${reference} may or may not have been created`);
        } else {
          await expect(page).toHaveTitle(/^Error:/);
          await expect(field(page, 'secretReferenceName')).toHaveValue(reference);
        }

        // A name that is taken is somebody else's, as far as anybody knows.
        const free: Record<string, string> = accident.ends !== 409 || halfWay ? {} : hosted ? { secretReferenceName: (reference += '_2') } : { name: (name += '-2') };
        const offered: string[] = [];
        const done = new RegExp(`^The (secret|reference) ${reference} was (set up|created)$`);
        const there = 'your earlier attempt, whose result was unknown, probably created it';
        const asksNoMore = async () => done.test(await heading.innerText()) || (hosted && (await page.getByText(there).count()) > 0);
        while (!(await asksNoMore()) && offered.length < 6) offered.push(await goOn(page, offered, name, free));
        if (!hosted || accident.ends !== 500 || !accident.done) await expect(heading, offered.join(', ')).toHaveText(done);
        expect(offered).toEqual(wayOn(hosted, halfWay, accident));

        const created = (await sandbox.writes()).slice(before).filter((call) => call.status === 201);
        expect(created.map((call) => call.path.split('/').at(-1)), 'one of each').toEqual(hosted ? [reference] : ['secret-value', reference]);
        const stored = hosted ? await sandbox.hosted(sandbox.project(), reference) : await sandbox.vault(fields.agentId, name);
        expect(stored.toString()).toBe(JSON.stringify({ password: secret }));
      });
    }
    await gate.close();
  });
}

test('a reference that finishes a setup makes it one whole', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { ...fieldsOf(sandbox, 'AWS', 'demo-expired'), name: 'prod/whole' }));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  // The sandbox refuses the first token that it sees with this name and takes a fresher one: two calls, one reference.
  await expect(await receiptHeading(admin)).toHaveText('The secret demo-expired was set up');
  await admin.goto('/activity');
  await expect(admin.getByRole('row').filter({ hasText: 'demo-expired' })).toHaveCount(1);
});

test('an end that nobody knows leads on, and the same names again tell what is there', async ({ admin, sandbox }) => {
  const fields = { ...fieldsOf(sandbox, 'AWS', 'AFTER_A_DOUBT'), name: 'demo-timeout' };
  await admin.goto(link(setupForm, fields));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret AFTER_A_DOUBT may or may not have been created');
  await admin.getByRole('link', { name: 'It is there: create the reference' }).click();
  await expect(field(admin, 'secretName')).toHaveValue('demo-timeout');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference AFTER_A_DOUBT was created');
});

test('a second try after one’s own success says so, and leads there', async ({ admin, sandbox }) => {
  for (const again of [false, true]) {
    await admin.goto(link(setupForm, fieldsOf(sandbox, 'AWS', 'TWICE')));
    await field(admin, 'valueText').fill(secret);
    await submit(admin);
    if (!again) await receiptHeading(admin);
  }
  await expect(summary(admin)).toContainText('You created it yourself');
  await admin.getByRole('link', { name: 'See the result for TWICE' }).click();
  await expect(await receiptHeading(admin)).toHaveText('The secret TWICE was set up');
});

test('Maia is asked what became of a reference, and what cannot be told yet stays open', async ({ admin, sandbox }) => {
  await admin.goto(link(referenceForm, { projectId: sandbox.project(), secretReferenceName: 'demo-accepted', agentType: 'AWS', secretName: 'prod/x' }));
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-accepted may or may not have been created');
  const before = (await sandbox.reads()).length;
  await admin.getByRole('button', { name: 'Ask Maia whether it is there' }).click();
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-accepted may or may not have been created');
  await expect(admin.getByText(/From \d\d:\d\d UTC on/)).toBeVisible();
  expect((await sandbox.reads()).slice(before).map((call) => call.path)).toContainEqual(expect.stringMatching(/\/secret-references$/));
});

test('a receipt leads to a link to a form like it, and a value to its reference', async ({ admin, sandbox }) => {
  await admin.goto(link(valueForm, { agentId: sandbox.agent('AWS'), projectId: sandbox.project(), name: 'prod/next-step', valueFormat: 'text' }));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  await receiptHeading(admin);
  const receipt = admin.url();
  await admin.getByRole('link', { name: 'Create the reference' }).click();
  await expect(field(admin, 'secretReferenceName')).toHaveValue('prod_next-step');
  await expect(field(admin, 'secretName')).toHaveValue('prod/next-step');
  await expect(field(admin, 'secretKey')).toHaveValue('password');

  await admin.goto(receipt);
  await admin.getByRole('link', { name: 'Make a link to a form like this' }).click();
  const [address] = await admin.locator('main code.pick').allTextContents();
  expect(new URL(address).searchParams.get('agentId')).toBe(sandbox.agent('AWS'));
  expect(new URL(address).searchParams.has('name')).toBe(false);
});

test('a secret is proven, and renewed', async ({ admin, sandbox }) => {
  await admin.goto(link(setupForm, { ...fieldsOf(sandbox, 'AWS', 'PROVEN'), renewBy: '2030-01-31' }));
  await field(admin, 'valueText').fill(secret);
  await submit(admin);
  await receiptHeading(admin);
  await admin.getByRole('button', { name: 'A pipeline has used it' }).click();
  await expect(admin.getByText(/You confirmed on .* that a pipeline has used it/)).toBeVisible();
  await admin.getByRole('button', { name: 'Take that back' }).click();
  await expect(admin.getByRole('button', { name: 'A pipeline has used it' })).toBeVisible();

  await admin.goto('/activity/due');
  await expect(admin.getByRole('row').filter({ hasText: 'PROVEN' })).toContainText('31 January 2030');
  await admin.getByRole('link', { name: 'PROVEN' }).click();
  await admin.getByLabel('Next day to renew it').fill('2031-02-28');
  await admin.getByRole('button', { name: 'It was renewed' }).click();
  await expect(recorded(admin, 'Renew by')).toHaveText('28 February 2031');
});

test('from the start page to a finished secret: one page, one choice of use, four fields', async ({ admin, sandbox }) => {
  await admin.goto('/');
  await admin.getByRole('link', { name: 'Set up a secret' }).last().click();
  await admin.getByRole('link', { name: /^A password or token/ }).click();
  await submit(admin);
  await expect(summary(admin).getByRole('link'), 'what has to be filled in').toHaveCount(4);
  for (const name of ['projectId', 'agentId', 'secretReferenceName', 'valueText']) {
    await expect(summary(admin).locator(`a[href="#${name}"]`), name).toHaveCount(1);
  }
  await pick(admin, 'projectId', sandbox.project());
  await pick(admin, 'agentId', sandbox.agent('AWS'));
  await fillAll(admin, { secretReferenceName: 'FOUR_FIELDS', valueText: secret });
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret FOUR_FIELDS was set up');
});

test('what the company has prepared opens from the start page, and what it fixes stays', async ({ admin, sandbox }) => {
  await admin.goto('/');
  await admin.getByRole('link', { name: /^Snowflake password, production/ }).click();
  await expect(admin).toHaveURL('/setup?preset=snowflake-prod');
  await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('AWS'));
  await expect(field(admin, 'agentId')).not.toBeEditable();
  await expect(admin.getByRole('radio', { name: 'Azure' })).toBeDisabled();
  await fillAll(admin, { secretReferenceName: 'SNOWFLAKE_NIGHTLY', valueText: secret });
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The secret SNOWFLAKE_NIGHTLY was set up');

  await admin.goto(link(setupForm, { preset: 'snowflake-prod', agentId: sandbox.agent('Azure') }));
  await expect(summary(admin)).toContainText('fixes this field');
  await expect(field(admin, 'agentId')).toHaveValue(sandbox.agent('AWS'));
});

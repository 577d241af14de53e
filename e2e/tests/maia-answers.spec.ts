import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { answerOf, field, fillAll, link, receiptHeading, recorded, referenceForm, signInAt, signInAtProvider, submit, summary, valueForm } from '../support/pages.ts';
import { freePort } from '../support/portal.ts';
import type { Sandbox } from '../support/sandbox.ts';

// What Maia can answer, and what the user sees then. The sandbox's reserved names make Maia answer so.

const secret = 'entered-before-the-answer';

type Form = { what: string; path: string; nameField: string; fields: (sandbox: Sandbox, name: string) => Record<string, string> };

/** Each form, with a secret in it, so that every answer shows that the secret does not come back. */
const forms: Form[] = [
  {
    what: 'reference', path: referenceForm, nameField: 'secretReferenceName',
    fields: (sandbox, name) => ({
      projectId: sandbox.project(), secretReferenceName: name, agentType: 'Matillion hosted', agentId: sandbox.agent('Matillion hosted'), description: 'kept', key: 'token',
    }),
  },
  {
    what: 'value', path: valueForm, nameField: 'name',
    fields: (sandbox, name) => ({ agentId: sandbox.agent('AWS'), projectId: sandbox.project(), name, type: 'PASSWORD', key: 'token' }),
  },
];

async function fill(page: Page, form: Form, sandbox: Sandbox, name: string): Promise<Record<string, string>> {
  const fields = form.fields(sandbox, name);
  await page.goto(link(form.path, fields));
  await field(page, 'valueText').fill(secret);
  return fields;
}

/** What a form that comes back owes to the user: everything but the secret. */
async function expectFilledInAgain(page: Page, fields: Record<string, string>): Promise<void> {
  await expect(page).toHaveTitle(/^Error:/);
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'agentType') await expect(page.locator(`[name="${name}"][value="${value}"]`)).toBeChecked();
    else await expect(field(page, name), name).toHaveValue(value);
  }
  await expect(field(page, 'valueText')).toHaveValue('');
  await expect(page.getByText('The secret was not kept. Enter it again.').first()).toBeVisible();
  expect(await page.content()).not.toContain(secret);
}

for (const form of forms) {
  test.describe(`a ${form.what}`, () => {
    // Missing rights and service trouble are a notice above the form, not errors at fields.
    const notices = [
      { name: 'demo-forbidden', status: 403, title: 'Your Maia account is not allowed to do this', text: /Create Vault Secrets/, outcome: 'Not allowed' },
      { name: 'demo-ip-blocked', status: 403, title: 'Your Maia account is not allowed to do this', text: /IP not allowed.*allow list/s, outcome: 'Not allowed' },
      { name: 'demo-rate-limited', status: 503, retryAfter: '30', title: 'Maia is busy: wait 30 seconds', text: /Nothing was created/, outcome: 'Maia was busy' },
      { name: 'demo-error', status: 503, title: 'Maia failed', text: /status 500.*Most likely nothing was created.*To make sure/s, outcome: 'Failed' },
      { name: 'demo-unavailable', status: 503, title: 'Maia failed', text: /status 503.*Most likely nothing was created.*To make sure/s, outcome: 'Failed' },
    ];
    for (const { name, status, retryAfter, title, text, outcome } of notices) {
      test(`${name}: ${title}`, async ({ admin, sandbox }) => {
        const fields = await fill(admin, form, sandbox, name);
        const answer = await answerOf(admin);
        expect(answer.status()).toBe(status);
        if (retryAfter) expect(answer.headers()['retry-after']).toBe(retryAfter);
        await expect(summary(admin), 'the notice has the focus').toBeFocused();
        await expect(summary(admin).getByRole('heading')).toContainText(title);
        await expect(summary(admin)).toContainText(text);
        await expect(admin.locator('[aria-invalid="true"]'), 'no field is to blame').toHaveCount(0);
        await expectFilledInAgain(admin, fields);
        expect(await sandbox.writes()).toHaveLength(1);

        await admin.goto('/activity');
        await expect(admin.getByRole('row').filter({ hasText: name })).toContainText(outcome);
      });
    }

    const fieldErrors = [
      { name: 'demo-conflict', status: 409, at: form.nameField, text: /exists|holds a secret of this name/, outcome: 'Name taken' },
      { name: 'demo-not-found', status: 422, at: form.what === 'value' ? 'agentId' : 'projectId', text: /Maia knows no such/, outcome: 'Not found' },
      { name: 'demo-bad-request', status: 422, at: form.nameField, text: /Maia says: .*is not allowed in this account/, outcome: 'Refused by Maia' },
    ];
    for (const { name, status, at, text, outcome } of fieldErrors) {
      test(`${name}: an error at ${at}`, async ({ admin, sandbox }) => {
        const fields = await fill(admin, form, sandbox, name);
        expect((await answerOf(admin)).status()).toBe(status);
        await expect(summary(admin)).toBeFocused();
        await expect(field(admin, at)).toHaveAttribute('aria-invalid', 'true');
        await expect(field(admin, at)).toHaveAccessibleDescription(text);
        await summary(admin).getByRole('link', { name: text }).first().click();
        await expect(field(admin, at)).toBeFocused();
        await expectFilledInAgain(admin, fields);

        await admin.goto('/activity');
        await expect(admin.getByRole('row').filter({ hasText: name })).toContainText(outcome);
      });
    }

    test('a violation of a field that this form does not show stands in the summary', async ({ admin, sandbox }) => {
      await fill(admin, form, sandbox, 'demo-bad-request');
      await submit(admin);
      await expect(summary(admin)).toContainText('secretName: is not allowed in this account');
      await expect(summary(admin)).toContainText('Wrong request parameters used');
    });

    // Nobody knows what became of it: never an error that invites to try again blindly.
    for (const name of ['demo-bad-gateway', 'demo-timeout', 'demo-hang', 'demo-lost', 'demo-accepted', 'demo-redirect']) {
      test(`${name}: the receipt says that the outcome is not known`, async ({ admin, sandbox }) => {
        await fill(admin, form, sandbox, name);
        const answer = await answerOf(admin);
        expect(answer.status()).toBe(303);
        await expect(await receiptHeading(admin)).toHaveText(`The ${form.what} ${name} may or may not have been created`);
        await expect(admin.getByRole('main')).toContainText('To find out');
        await expect(admin.getByRole('main')).toContainText('does not send it again by itself');
        expect(await admin.content()).not.toContain(secret);
        const calls = await sandbox.writes();
        expect(calls, 'sent once, and no redirect is followed').toHaveLength(1);
        expect(calls[0].path).not.toContain('elsewhere');

        await admin.getByRole('link', { name: 'Try again with a filled-in form' }).click();
        await expect(field(admin, form.nameField)).toHaveValue(name);
        await admin.goto('/activity');
        await expect(admin.getByRole('row').filter({ hasText: name })).toContainText('Result unknown');
      });
    }

    test('demo-expired: the token is renewed and nobody notices', async ({ admin, sandbox }) => {
      await fill(admin, form, sandbox, 'demo-expired');
      await submit(admin);
      await expect(await receiptHeading(admin)).toContainText(/was (created|stored)/);
      expect((await sandbox.writes()).map((c) => [c.status, c.username])).toEqual([[401, 'ada'], [201, 'ada']]);
    });

    test('demo-unauthenticated: a page that leads through the login back to the form; the second time what is wrong', async ({ admin, sandbox, account }) => {
      const fields = await fill(admin, form, sandbox, 'demo-unauthenticated');
      expect((await answerOf(admin)).status()).toBe(401);
      await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Sign in again to continue');
      await expect(admin.getByRole('main')).toContainText('nothing was created');
      await expect(admin.getByRole('main')).toContainText('except for the secret');
      expect(await admin.content()).not.toContain(secret);

      await admin.getByRole('link', { name: 'Sign in and go on' }).click();
      await signInAtProvider(admin, account('admin'));
      await expect(field(admin, form.nameField)).toHaveValue(fields[form.nameField]);
      await expect(field(admin, 'key')).toHaveValue(fields.key);
      await expect(field(admin, 'valueText')).toHaveValue('');

      await field(admin, 'valueText').fill(secret);
      expect((await answerOf(admin)).status()).toBe(401);
      await expect(admin.getByRole('heading', { level: 1 })).toHaveText('Maia does not accept your login');
      await expect(admin.getByRole('main')).toContainText('Signing in again will not help');
      await expect(admin.getByRole('link', { name: 'Sign in and go on' })).toHaveCount(0);
    });

    test('under way in another tab, then created', async ({ held: { page, gate, url }, context, sandbox }) => {
      const other = await context.newPage();
      const fields = form.fields(sandbox, 'TWO_TABS');
      await page.goto(url + link(form.path, fields));
      await field(page, 'valueText').fill(secret);
      const pressed = submit(page); // ends when the answer is there
      await gate.arrived(1);
      await other.goto(`${url}/activity`);
      const row = other.getByRole('row').filter({ hasText: 'TWO_TABS' });
      await expect(row).toContainText('Under way');
      await row.getByRole('link').click();
      await expect(other.getByRole('heading', { level: 1 })).toHaveText(`The ${form.what} TWO_TABS is under way`);
      gate.release();
      // The tab that waits looks again by itself.
      await expect(other.getByRole('heading', { level: 1 })).toHaveText(/TWO_TABS was (created|stored)/);
      await pressed;
      await expect(await receiptHeading(page)).toHaveText(/TWO_TABS was (created|stored)/);
      expect(await sandbox.writes()).toHaveLength(1);
    });

    test('Maia cannot be reached: nothing was sent', async ({ page, demo, account, sandbox, newPortal }) => {
      const url = await newPortal({ PORTAL_MAIA_URL: `http://127.0.0.1:${await freePort()}` });
      const fields = form.fields(sandbox, 'NOT_REACHED');
      await signInAt(page, url + link(form.path, fields), account('admin'));
      await field(page, 'valueText').fill(secret);
      const answer = await answerOf(page);
      expect(answer.status()).toBe(503);
      await expect(summary(page)).toBeFocused();
      await expect(summary(page).getByRole('heading')).toContainText('Nothing was sent to Maia');
      await expectFilledInAgain(page, fields);
      expect(await sandbox.writes(), `the demo's own Maia at ${demo.maiaUrl} has seen nothing`).toEqual([]);

      await page.goto(`${url}/activity`);
      const row = page.getByRole('row').filter({ hasText: 'NOT_REACHED' });
      await expect(row).toContainText('Failed');
      await row.getByRole('link').click();
      await expect(page.getByRole('main')).toContainText('Nothing was sent to Maia');
    });
  });
}

test('demo-malformed: stored, and the receipt says that a part of the answer is missing', async ({ admin, sandbox }) => {
  await fill(admin, forms[1], sandbox, 'demo-malformed');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value demo-malformed was stored');
  await expect(admin.getByRole('main')).toContainText('a part of its answer could not be read');
  await expect(recorded(admin, 'Resolver reference')).toHaveCount(0);
  expect((await sandbox.vault(sandbox.agent('AWS'), 'demo-malformed')).toString()).toBe(`{"token":"${secret}"}`);
});

test('demo-malformed: a reference needs nothing of the answer', async ({ admin, sandbox }) => {
  await fill(admin, forms[0], sandbox, 'demo-malformed');
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The reference demo-malformed was created');
});

test('an account without rights in Maia sees that it is their own account, and with which project', async ({ page, account, sandbox }) => {
  await signInAt(page, link(referenceForm, { projectId: sandbox.project(1), secretReferenceName: 'X', agentType: 'AWS', secretName: 'prod/x' }), account('viewer'));
  expect((await answerOf(page)).status()).toBe(403);
  await expect(summary(page)).toContainText('Your Maia account is not allowed to do this');
  await expect(summary(page)).toContainText(sandbox.project(1));
  expect((await sandbox.writes()).map((c) => [c.username, c.status])).toEqual([['victor', 403]]);
});

test('an agent that is restricted to other projects is named', async ({ admin, demo, sandbox }) => {
  const restricted = demo.agents.find((a) => a.name === 'aws-eks-finance')!.id;
  await admin.goto(link(valueForm, { agentId: restricted, projectId: sandbox.project(1), name: 'x' }));
  await field(admin, 'valueText').fill(secret);
  expect((await answerOf(admin)).status()).toBe(403);
  await expect(summary(admin)).toContainText(restricted);
});

test('an unknown project and an unknown agent', async ({ admin, sandbox }) => {
  const nobody = '00000000-0000-4000-8000-000000000000';
  await admin.goto(link(referenceForm, { projectId: nobody, secretReferenceName: 'X', agentType: 'AWS', secretName: 'prod/x' }));
  expect((await answerOf(admin)).status()).toBe(422);
  await expect(field(admin, 'projectId')).toHaveAccessibleDescription(/Maia knows no such project/);

  await admin.goto(link(valueForm, { agentId: nobody, name: 'x' }));
  await field(admin, 'valueText').fill(secret);
  expect((await answerOf(admin)).status()).toBe(422);
  await expect(field(admin, 'agentId')).toHaveAccessibleDescription(/Maia knows no such agent/);
  expect((await sandbox.writes()).map((c) => c.status)).toEqual([404, 404]);
});

test('a name that is taken can be changed on the same form, and then it is created', async ({ admin, sandbox }) => {
  const [, form] = forms;
  for (const name of ['prod/taken', 'prod/taken']) {
    await fill(admin, form, sandbox, name);
    await submit(admin);
    await admin.waitForLoadState();
  }
  await expect(field(admin, 'name')).toHaveAccessibleDescription(/never overwrites/);
  await fillAll(admin, { name: 'prod/free', valueText: 'entered again' });
  await submit(admin);
  await expect(await receiptHeading(admin)).toHaveText('The value prod/free was stored');
  expect(JSON.parse((await sandbox.vault(sandbox.agent('AWS'), 'prod/taken')).toString())).toEqual({ token: secret });
  expect(JSON.parse((await sandbox.vault(sandbox.agent('AWS'), 'prod/free')).toString())).toEqual({ token: 'entered again' });
});

import { expect, type Page } from '@playwright/test';
import { choose, field, fillAll, link, receiptHeading, referenceForm, signInAt, signInUnseen, signOut, setupForm, submit, valueForm } from './pages.ts';
import type { Demo } from './portal.ts';
import type { Sandbox } from './sandbox.ts';

type Place = { page: Page; demo: Demo; sandbox: Sandbox };

const role = (demo: Demo, name: string) => demo.accounts.find((a) => a.role === name)!;

async function asAdmin(p: Place, address: string): Promise<void> {
  await signInUnseen(p.page, address, role(p.demo, 'admin'));
  await p.page.goto(address);
}

const awsReference = (p: Place, name: string) => link(referenceForm, { projectId: p.sandbox.project(), secretReferenceName: name, agentType: 'AWS', secretName: 'prod/snowflake', secretKey: 'password' });
const value = (p: Place, name: string) => link(valueForm, { agentId: p.sandbox.agent('AWS'), projectId: p.sandbox.project(), name, type: 'PASSWORD', key: 'password' });

const setupLink = (p: Place, name: string) => link('/setup', { projectId: p.sandbox.project(), agentId: p.sandbox.agent('AWS'), secretReferenceName: name, name: 'prod/snowflake', renewBy: '2030-01-31', ticket: 'CHG-4711' });

async function sendReference(p: Place, name: string): Promise<void> {
  await p.page.goto(awsReference(p, name));
  await submit(p.page);
  await p.page.waitForLoadState();
}

async function sendValue(p: Place, name: string): Promise<void> {
  await p.page.goto(value(p, name));
  await field(p.page, 'valueText').fill('correct horse battery staple');
  await submit(p.page);
  await p.page.waitForLoadState();
}

const agentNamed = (p: Place, name: string) => p.demo.agents.find((a) => a.name === name)!.id;

async function form(p: Place, address: string): Promise<void> {
  await asAdmin(p, address);
  await expect(p.page.locator('main form').first()).toBeVisible();
}

async function pairs(p: Place): Promise<void> {
  await choose(p.page, 'valueFormat', 'pairs');
  for (const [i, [key, secret]] of [['username', 'LOADER'], ['private_key', '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----'], ['role', 'ETL']].entries()) {
    await p.page.getByLabel(`Property ${i + 1}, name`).fill(key);
    await p.page.getByLabel(`Property ${i + 1}, value`).fill(secret);
  }
}

async function activity(p: Place): Promise<void> {
  for (const name of ['SNOWFLAKE_PASSWORD', 'demo-timeout', 'demo-conflict', 'LEDGER_PASSWORD_WITH_A_RATHER_LONG_NAME_(NIGHTLY_LOADS)']) await sendReference(p, name);
  await sendValue(p, 'prod/snowflake');
}

/** Every page that a user can come to, by name, each opened by somebody who is not signed in yet. */
export const tour: Record<string, (p: Place) => Promise<void>> = {
  'start, new': async (p) => {
    await asAdmin(p, '/');
    await expect(p.page).toHaveURL('/');
  },
  'start, after some work': async (p) => {
    await asAdmin(p, '/activity');
    await activity(p);
    await p.page.goto('/');
  },
  'start, account menu': async (p) => {
    await asAdmin(p, '/');
    await p.page.getByRole('button', { name: /Account and sign-out/ }).click();
    await expect(p.page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  },
  'setup, nothing chosen': (p) => form(p, '/setup'),
  'setup, Azure': (p) => form(p, link('/setup', { agentType: 'Azure', recipe: 'oauth-client' })),
  'setup, errors': async (p) => {
    await form(p, link('/setup', { projectId: 'Finance', agentId: p.sandbox.agent('Azure'), secretReferenceName: 'my secret', renewBy: '2001-01-01' }));
    await submit(p.page);
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'receipt of a setup': async (p) => {
    await form(p, setupLink(p, 'SNOWFLAKE_PASSWORD'));
    await field(p.page, 'valueText').fill('correct horse battery staple');
    await submit(p.page);
    await receiptHeading(p.page);
    await p.page.getByRole('button', { name: 'A pipeline has used it' }).click();
    await expect(p.page.getByRole('button', { name: 'Take that back' })).toBeVisible();
  },
  'receipt of a setup, the reference is missing': async (p) => {
    await form(p, setupLink(p, 'demo-forbidden'));
    await field(p.page, 'valueText').fill('correct horse battery staple');
    await submit(p.page);
    await receiptHeading(p.page);
  },
  'secrets to renew': async (p) => {
    await form(p, setupLink(p, 'SNOWFLAKE_PASSWORD'));
    await field(p.page, 'valueText').fill('correct horse battery staple');
    await submit(p.page);
    await receiptHeading(p.page);
    await p.page.goto('/activity/due');
  },
  'setup, from a preset': (p) => form(p, '/setup?preset=snowflake-prod'),
  'setup, from a link': (p) => form(p, link(setupForm, { projectId: '00000000-0000-4000-8000-000000000000', agentId: agentNamed(p, 'azure-aks-paused'), secretReferenceName: 'SNOWFLAKE_PASSWORD', agentType: 'Azure' })),
  'setup, an agent that takes no secrets': (p) => form(p, link(setupForm, { agentId: agentNamed(p, 'aws-streaming') })),
  'setup, errors of typed ids': async (p) => {
    await form(p, setupForm);
    await fillAll(p.page, { projectId: 'Finance', agentId: 'not an id' });
    await submit(p.page);
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'choose an agent': (p) => form(p, link('/choose/agent', { for: setupForm, agentId: p.sandbox.agent('Azure'), secretReferenceName: 'SNOWFLAKE_PASSWORD' })),
  'choose a project, no list': async (p) => {
    await signInAt(p.page, link('/choose/project', { for: setupForm }), role(p.demo, 'viewer'));
    await expect(p.page.getByRole('link', { name: 'Look again' })).toBeVisible();
  },
  'make a link': (p) => form(p, link('/link', { for: setupForm, projectId: p.sandbox.project(), secretReferenceName: 'SNOWFLAKE_PASSWORD_FOR_THE_NIGHTLY_LOADS', agentType: 'Azure', vaultName: 'contoso-kv' })),
  'setup, no list': async (p) => {
    await signInAt(p.page, setupForm, role(p.demo, 'viewer'));
    await expect(p.page.getByText('Maia did not give the list of agents')).toBeVisible();
  },
  'reference, nothing chosen': (p) => form(p, referenceForm),
  'reference, AWS': (p) => form(p, awsReference(p, 'SNOWFLAKE_PASSWORD')),
  'reference, Azure': (p) => form(p, link(referenceForm, { agentType: 'Azure' })),
  'reference, Matillion hosted': (p) => form(p, link(referenceForm, { agentType: 'Matillion hosted' })),
  'reference, errors of AWS': async (p) => {
    await form(p, link(referenceForm, { agentType: 'AWS', projectId: 'Finance', secretReferenceName: 'my secret' }));
    await submit(p.page);
  },
  'reference, errors of Matillion hosted': async (p) => {
    await form(p, link(referenceForm, { agentType: 'Matillion hosted', projectId: 'Finance', valueFormat: 'json' }));
    await field(p.page, 'valueJSON').fill('{"a": 1, "a": 2}');
    await submit(p.page);
  },
  'reference, conflict': async (p) => {
    await form(p, referenceForm);
    await sendReference(p, 'demo-conflict');
  },
  'value, text': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await field(p.page, 'valueText').fill('-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----');
  },
  'value, text, shown': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await field(p.page, 'valueText').fill('-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----');
    await p.page.getByRole('checkbox', { name: /Show what I type/ }).check();
  },
  'value, pairs': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await pairs(p);
  },
  'value, JSON': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await choose(p.page, 'valueFormat', 'json');
  },
  'value, file': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await choose(p.page, 'valueFormat', 'file');
  },
  'value, for a password': (p) => form(p, link(valueForm, { recipe: 'password', name: 'prod-a1b2c3' })),
  'value, for a Snowflake key': (p) => form(p, link(valueForm, { recipe: 'snowflake-key' })),
  'value, for known properties': (p) => form(p, link(valueForm, { recipe: 'snowflake-component-key' })),
  'value, a use that is not known': (p) => form(p, link(valueForm, { recipe: 'nonsense' })),
  'value, it looks odd': async (p) => {
    await form(p, link(valueForm, { recipe: 'oauth-client', agentId: p.sandbox.agent('Azure'), name: 'DB_CLIENT' }));
    await p.page.getByRole('textbox', { name: 'Client id' }).fill(' b1946ac9');
    await p.page.getByRole('textbox', { name: 'Client secret' }).fill('changeme');
    await submit(p.page);
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'reference, Matillion hosted, for a key': (p) => form(p, link(referenceForm, { agentType: 'Matillion hosted', recipe: 'private-key' })),
  'value, errors of text': async (p) => {
    await form(p, link(valueForm, { agentId: 'not an id', projectId: 'Finance' }));
    await submit(p.page);
  },
  'value, errors of pairs': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await pairs(p);
    await p.page.getByLabel('Property 3, name').fill('username');
    await p.page.getByLabel('Property 4, value').fill('without a name');
    await submit(p.page);
  },
  'value, not allowed': async (p) => {
    await form(p, valueForm);
    await sendValue(p, 'demo-forbidden');
  },
  'value, Maia is busy': async (p) => {
    await form(p, valueForm);
    await sendValue(p, 'demo-rate-limited');
  },
  'value, the link carried a secret': async (p) => {
    await form(p, `${value(p, 'prod/snowflake')}&valueText=hunter2`);
  },
  'receipt of a reference': async (p) => {
    await form(p, referenceForm);
    await sendReference(p, 'SNOWFLAKE_PASSWORD');
    await receiptHeading(p.page);
  },
  'receipt of a value': async (p) => {
    await form(p, valueForm);
    await sendValue(p, 'prod/snowflake');
    await receiptHeading(p.page);
  },
  'receipt, not known': async (p) => {
    await form(p, valueForm);
    await sendValue(p, 'demo-timeout');
    await receiptHeading(p.page);
  },
  'receipt, refused': async (p) => {
    await form(p, valueForm);
    await sendValue(p, 'demo-conflict');
    await p.page.goto('/activity');
    await p.page.getByRole('link', { name: 'demo-conflict' }).click();
    await receiptHeading(p.page);
  },
  'activity, empty': async (p) => {
    await asAdmin(p, '/activity');
    await expect(p.page).toHaveURL('/activity');
  },
  'activity': async (p) => {
    await asAdmin(p, '/activity');
    await activity(p);
    await p.page.goto('/activity');
  },
  'activity of everybody': async (p) => {
    await asAdmin(p, '/activity');
    await activity(p);
    await signOut(p.page);
    await expect(p.page).toHaveURL('/signed-out');
    await signInAt(p.page, '/activity', role(p.demo, 'auditor'));
    await expect(p.page.getByRole('table')).toBeVisible();
  },
  'activity, the filter open': async (p) => {
    await asAdmin(p, '/activity');
    await activity(p);
    await p.page.goto('/activity?name=SNOW&outcome=created');
    await p.page.locator('details.filters summary').click();
    await expect(p.page.getByLabel('Name begins with')).toBeVisible();
  },
  'receipt, with what happened to its name': async (p) => {
    await asAdmin(p, '/activity');
    await sendReference(p, 'demo-timeout');
    await sendReference(p, 'demo-timeout');
    await p.page.goto('/activity');
    await p.page.getByRole('link', { name: 'demo-timeout' }).first().click();
    await expect(p.page.getByRole('heading', { name: 'What happened to this name' })).toBeVisible();
  },
  'sessions': async (p) => {
    await asAdmin(p, '/');
    await p.page.context().clearCookies();
    await asAdmin(p, '/sessions');
    await expect(p.page.getByRole('heading', { level: 1 })).toHaveText('Your sessions');
    await expect(p.page.getByRole('main').getByRole('listitem')).toHaveCount(2);
  },
  'not for auditors': async (p) => {
    await signInAt(p.page, valueForm, role(p.demo, 'auditor'));
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'not for this account': async (p) => {
    await signInAt(p.page, '/', role(p.demo, 'outsider'));
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'sign in again to go on': async (p) => {
    await form(p, value(p, 'prod/snowflake'));
    await field(p.page, 'valueText').fill('x');
    await p.page.context().clearCookies({ name: 'portal' });
    await submit(p.page);
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'about, signed out': async (p) => {
    await p.page.goto('/about');
    await expect(p.page.getByRole('heading', { level: 1 })).toHaveText('How secrets are handled');
  },
  'about': async (p) => {
    await asAdmin(p, '/');
    await expect(p.page).toHaveURL('/');
    await p.page.goto('/about');
  },
  'login link expired': async (p) => {
    await p.page.goto('/auth/callback?code=x&state=y');
  },
  'not found': async (p) => {
    await asAdmin(p, '/');
    await expect(p.page).toHaveURL('/');
    await p.page.goto('/no-such-page');
  },
  'too large': async (p) => {
    await form(p, valueForm);
    await choose(p.page, 'valueFormat', 'file');
    await field(p.page, 'valueFile').setInputFiles({ name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.alloc(2 << 20, 'x') });
    await submit(p.page);
    await expect(p.page).toHaveTitle(/^Error:/);
  },
  'help': async (p) => {
    await p.page.goto('/help');
    await expect(p.page.getByRole('heading', { level: 1 })).toHaveText('Help');
  },
  'style guide': async (p) => {
    await p.page.goto('/styleguide');
    await expect(p.page.getByRole('heading', { level: 1 })).toHaveText('Style guide');
  },
  'signed out': async (p) => {
    await asAdmin(p, '/');
    await signOut(p.page);
    await expect(p.page).toHaveURL('/signed-out');
  },
};

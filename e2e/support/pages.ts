import { expect, type APIResponse, type Locator, type Page, type Response } from '@playwright/test';
import type { Account } from './portal.ts';

/** Signs in on the provider's page, which has to be open. */
export async function signInAtProvider(page: Page, who: Account): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await page.getByLabel('Username').fill(who.username);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens an address of the portal as somebody who is not signed in yet. */
export async function signInAt(page: Page, address: string, who: Account): Promise<void> {
  await page.goto(address);
  await signInAtProvider(page, who);
}

/**
 * Signs in as people do, with the same requests, but without drawing a page: for tests of something else.
 * What the browser has then is the cookies.
 */
export async function signInUnseen(page: Page, address: string, who: Account): Promise<void> {
  // The sessions' page names the browser that signed in.
  const headers = { 'User-Agent': await page.evaluate(() => navigator.userAgent) };
  let first = await page.request.get(address, { headers });
  // Where it comes back to a page with a filter, the login goes on by itself, and not by a redirect.
  const onward = /url=(.*)$/.exec(first.headers().refresh ?? '')?.[1];
  if (onward) first = await page.request.get(new URL(onward, first.url()).href, { headers });
  const login = new URL(first.url());
  const form = { request: login.searchParams.get('request')!, username: who.username, password: who.password };
  const answer = await page.request.post(login.href, { form, headers });
  expect(new URL(answer.url()).origin, 'the login leads back to the portal').not.toBe(login.origin);
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Account and sign-out/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
}

/** The form's control of one of the contract's field names. */
export function field(page: Page, name: string): Locator {
  return page.locator(`form [name="${name}"]`).first();
}

/** Chooses a radio button the way people do: by its label. */
export async function choose(page: Page, name: 'agentType' | 'valueFormat', value: string): Promise<void> {
  await page.locator(`label:has([name="${name}"][value="${value}"])`).click();
  await expect(page.locator(`[name="${name}"][value="${value}"]`)).toBeChecked();
}

/** The field for an id that the select of a project or an agent does not have. */
export const otherField = { projectId: 'otherProjectId', agentId: 'otherAgentId' } as const;

/** Enters a project or an agent: chosen where a select has it, else typed. */
export async function pick(page: Page, name: keyof typeof otherField, id: string): Promise<void> {
  const control = field(page, name);
  if (await page.locator(`form input[name="${name}"]`).count()) return control.fill(id);
  if (await control.locator(`option[value="${id}"]:not([disabled])`).count()) {
    await control.selectOption(id);
    return;
  }
  await control.selectOption('');
  await field(page, otherField[name]).fill(id);
}

/** Opens what is folded on a form: the fields that few people need. */
export async function unfold(page: Page): Promise<void> {
  const fold = page.locator('main form details');
  if (!(await fold.evaluate((e: HTMLDetailsElement) => e.open))) await fold.locator('summary').click();
  await expect(fold).toHaveAttribute('open');
}

/** The fields that are folded, on the forms where they are. */
const isFolded = (page: Page, name: string): boolean =>
  ['type', 'key', 'ticket', 'renewBy'].includes(name) || (name === 'projectId' && new URL(page.url()).pathname.startsWith('/secret-values'));

export async function fillAll(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    if (isFolded(page, name)) await unfold(page);
    if (name === 'projectId' || name === 'agentId') await pick(page, name, value);
    else await field(page, name).fill(value);
  }
}

/** Presses the form's only submit button. */
export async function submit(page: Page): Promise<void> {
  await submitButton(page).click();
}

export function submitButton(page: Page): Locator {
  return page.locator('main form button[type="submit"]');
}

/** The box that asks for a look at the value before it is sent. It is ticked in a fresh form. */
export function checkBox(page: Page): Locator {
  return page.getByRole('checkbox', { name: 'Check the value before it is sent' });
}

/** Has a value sent as it is, however odd it looks. */
export async function asItIs(page: Page): Promise<void> {
  await checkBox(page).uncheck();
}

/** The address of a form with something filled in. */
export function link(path: string, fields: Record<string, string | string[]>): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) query.append(name, value);
  return `${path}?${query}`;
}

export const referenceForm = '/secret-references/new';
export const valueForm = '/secret-values/new';
export const setupForm = '/setup';

/** The receipt's heading, once the browser has come to a receipt. */
export async function receiptHeading(page: Page): Promise<Locator> {
  await page.waitForURL(/\/activity\/[0-9a-f-]{36}(\?description=.*)?$/);
  return page.getByRole('heading', { level: 1 });
}

/** What is on record, by label. */
export function recorded(page: Page, label: string): Locator {
  return page.locator('dl > div').filter({ has: page.locator('dt', { hasText: new RegExp(`^${label}$`) }) }).locator('dd');
}

/** Presses the submit button and gives the portal's answer to the POST. */
export async function answerOf(page: Page): Promise<Response> {
  const posted = page.waitForResponse((r) => r.request().method() === 'POST');
  await submit(page);
  const answer = await posted;
  await page.waitForLoadState();
  return answer;
}

/** Sends a form as the browser would, with its cookies, beside the page that is open. No redirect is followed. */
export function post(page: Page, address: string, form: Record<string, string>): Promise<APIResponse> {
  const origin = new URL(page.url()).origin;
  return page.request.post(origin + address, { form, headers: { Origin: origin }, maxRedirects: 0 });
}

/** What the form that is open would send, its token included. */
export function formData(page: Page): Promise<Record<string, string>> {
  return page.locator('main form').evaluate((form: HTMLFormElement) => {
    const entries = [...new FormData(form)].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return Object.fromEntries(entries);
  });
}

/** The box on top of a form that has errors. */
export function summary(page: Page): Locator {
  return page.getByRole('alert');
}

/** Waits until colours have faded over to another scheme. What nobody sees, as in closed details, never fades to an end. */
export async function faded(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = ({ effect }: Animation) => effect instanceof KeyframeEffect && effect.target?.checkVisibility();
    return Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition && seen(a)).map((a) => a.finished));
  });
}

/** The addresses that a page asks for from now on. Its icon may come late, and has nothing to do with what people do. */
export function requestsFrom(page: Page): string[] {
  const requests: string[] = [];
  page.on('request', (r) => {
    if (!new URL(r.url()).pathname.startsWith('/static/')) requests.push(r.url());
  });
  return requests;
}

import { expect, test } from '../support/test.ts';
import { field, signOut, valueForm } from '../support/pages.ts';

test('the page about secrets opens from the foot of a page for somebody who is signed out', async ({ admin, demo }) => {
  await signOut(admin);
  await expect(admin).toHaveURL('/signed-out');
  await admin.getByRole('contentinfo').getByRole('link', { name: 'How secrets are handled' }).click();
  await expect(admin).toHaveURL('/about');
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('How secrets are handled');
  await expect(admin.getByRole('main')).toContainText(new URL(demo.maiaUrl).origin);
  await expect(admin.getByRole('main').getByRole('link', { name: 'get help' })).toBeVisible();
});

test('the link beside the secret leaves the form and what is typed there alone', async ({ admin, context }) => {
  await admin.goto(valueForm);
  await field(admin, 'valueText').fill('typed before the question came');
  const opened = context.waitForEvent('page');
  await admin.getByRole('link', { name: /Where does the value go/ }).click();
  const about = await opened;
  await expect(about.getByRole('heading', { level: 2, name: 'Where the value goes' })).toBeVisible();
  await expect(about.getByRole('button', { name: /Account and sign-out/ })).toBeVisible();
  await expect(field(admin, 'valueText')).toHaveValue('typed before the question came');
});

test('help opens from the foot of a page and leads to the answer and to the form', async ({ admin }) => {
  await admin.getByRole('contentinfo').getByRole('link', { name: 'Help', exact: true }).click();
  await expect(admin).toHaveURL('/help');
  const contents = admin.getByRole('navigation', { name: 'On this page' });
  await contents.getByRole('link', { name: 'Which type is mine: AWS, Azure or Matillion hosted?' }).click();
  await expect(admin.getByRole('heading', { level: 2, name: 'Which type is mine?' })).toBeInViewport();
  await admin.getByRole('main').getByRole('link', { name: 'Set up a secret' }).click();
  await expect(admin).toHaveURL('/setup');
});

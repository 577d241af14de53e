import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Builds the portal once for all tests, and removes it afterwards. */
export default function build(): () => void {
  const dir = mkdtempSync(join(tmpdir(), 'portal-e2e-'));
  const binary = join(dir, 'portal');
  const remove = () => rmSync(dir, { recursive: true, force: true });
  try {
    execFileSync('go', ['build', '-o', binary, './cmd/portal'], { cwd: resolve(import.meta.dirname, '../..'), stdio: 'inherit' });
  } catch (error) {
    remove();
    throw error;
  }
  process.env.PORTAL_BINARY = binary;
  return remove;
}

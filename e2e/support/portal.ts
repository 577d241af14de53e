import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Someone who can sign in to the sandbox. */
export type Account = { username: string; password: string; role: string };

/** What `portal demo --json` prints. */
export type Demo = {
  url: string;
  issuer: string;
  maiaUrl: string;
  accounts: Account[];
  projects: { id: string; name: string }[];
  agents: { id: string; name: string; agentType: string }[];
};

/** One run of the portal's binary. */
class Run {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly dir: string;
  stderr = '';

  constructor(args: string[], env: Record<string, string> = {}) {
    // A folder of its own, so that what the portal leaves behind could be seen.
    this.dir = mkdtempSync(join(tmpdir(), 'portal-e2e-run-'));
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PORTAL_')));
    this.process = spawn(process.env.PORTAL_BINARY!, args, {
      cwd: this.dir,
      env: { ...inherited, TMPDIR: this.dir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.process, 'exit');
    this.process.stderr!.on('data', (piece) => (this.stderr += piece));
  }

  /** The first line on standard output; fails where the process ends before. */
  async firstLine(): Promise<string> {
    const line = once(createInterface(this.process.stdout!), 'line') as Promise<[string]>;
    const ended = this.exited.then(([code]) => Promise.reject(new Error(`portal ended with ${code}: ${this.stderr}`)));
    return (await Promise.race([line, ended]))[0];
  }

  /** Asks the process to end, and insists that it does so in order. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null) this.process.kill('SIGTERM');
    const [code, signal] = await this.exited;
    rmSync(this.dir, { recursive: true, force: true });
    if (code !== 0) throw new Error(`portal ended with ${code ?? signal} after SIGTERM: ${this.stderr}`);
  }
}

/** Starts a demo of its own: portal, login service, Maia and an empty database. */
export async function startDemo(): Promise<{ demo: Demo; stop(): Promise<void> }> {
  const run = new Run(['demo', '--json', '--listen', '127.0.0.1:0']);
  return {
    demo: JSON.parse(await run.firstLine()),
    stop: async () => {
      await run.stop();
      if (run.stderr) throw new Error(`the demo complained: ${run.stderr}`);
    },
  };
}

/** A loopback port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * Starts a second portal beside a demo, with the demo's login service and some settings of its own.
 * It is waited for until probe answers.
 */
export async function startServer(demo: Demo, settings: Record<string, string>, probe: '/readyz' | '/healthz' = '/readyz'): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const run = new Run(['serve'], {
    PORTAL_BASE_URL: url,
    PORTAL_LISTEN: `127.0.0.1:${port}`,
    PORTAL_ADMIN_LISTEN: '',
    PORTAL_OIDC_ISSUER: demo.issuer,
    PORTAL_OIDC_CLIENT_ID: 'maia-portal',
    PORTAL_OIDC_CLIENT_SECRET: 'sandbox-client-secret',
    PORTAL_MAIA_URL: demo.maiaUrl,
    PORTAL_SESSION_KEYS: randomBytes(32).toString('base64'),
    ...settings,
  });
  let ended = false;
  void run.exited.then(() => (ended = true));
  for (;;) {
    if (ended) throw new Error(`portal did not start: ${run.stderr}`);
    const answer = await fetch(url + probe).catch(() => null);
    if (answer?.ok) return { url, stop: () => run.stop() };
    await new Promise((later) => setTimeout(later, 20));
  }
}

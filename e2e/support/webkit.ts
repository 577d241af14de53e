import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Builder, By, Capabilities, type WebDriver } from 'selenium-webdriver';
import { freePort } from './portal.ts';
import type { Running } from './tab.ts';

/** Starts WebKitGTK's small browser on a screen of its own, driven by WebDriver. */
export async function startWebKit(program: string): Promise<Running> {
  const started: ChildProcess[] = [];
  const stop = async () => {
    for (const process of started.reverse()) await end(process);
  };
  try {
    // GTK wants a screen. Xvfb chooses a free number and tells it once it is ready.
    const screen = start('/usr/bin/Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], process.env);
    started.push(screen);
    const number = once(createInterface(screen.stdio[3] as Readable), 'line') as Promise<[string]>;
    const [display] = await Promise.race([number, failed(screen, 'Xvfb')]);

    const port = await freePort();
    // Nothing of the desktop that the tests may run on: neither its screen nor its bus.
    const { WAYLAND_DISPLAY: _, ...env } = process.env;
    const driver = start(program, [`--port=${port}`], {
      ...env, DISPLAY: `:${display}`, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    });
    started.push(driver);
    const url = `http://127.0.0.1:${port}`;
    await answering(`${url}/status`, failed(driver, program));

    const browser = await new Builder().usingServer(url).withCapabilities(new Capabilities({ browserName: 'MiniBrowser' })).build();
    await browser.manage().window().setRect({ x: 0, y: 0, width: 1280, height: 1000 });
    return {
      tab: tabOf(browser),
      stop: async () => {
        await browser.quit();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function tabOf(browser: WebDriver): Running['tab'] {
  const find = (selector: string) => browser.findElement(By.css(selector));
  return {
    goto: (address) => browser.get(address),
    back: () => browser.navigate().back(),
    click: (selector) => find(selector).click(),
    type: (selector, text) => find(selector).sendKeys(text),
    run: (inPage, ...args) => browser.executeScript(inPage, ...args),
  };
}

function start(program: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, args, { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
}

/** Fails as soon as a process ends, or where it cannot be started. */
async function failed(process: ChildProcess, program: string): Promise<never> {
  const [code] = await once(process, 'exit');
  throw new Error(`${program} ended with ${code}`);
}

async function end(process: ChildProcess): Promise<void> {
  if (process.pid === undefined || process.exitCode !== null || process.signalCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  await ended;
}

/** Waits until an address answers, or whoever should answer has failed. */
async function answering(url: string, failure: Promise<never>): Promise<void> {
  let reason: unknown;
  failure.catch((error: unknown) => (reason = error));
  for (;;) {
    if (reason) throw reason;
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((later) => setTimeout(later, 20));
  }
}

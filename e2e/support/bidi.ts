import { once } from 'node:events';
import { WebSocket } from 'ws';

// For a command. It ends what would wait for ever; no test fails because an answer is late.
const limit = 60_000;

// A browser gives a session once it has done all that it does at its start.
const startLimit = 180_000;

type Answer = { id: number | null; type: 'success' | 'error'; result?: unknown; error?: string; message?: string };

/** Something that happened to a page, of the events that connect subscribes to. */
export type Happened = { method: string; params: { context: string; navigation: string | null; url: string } };

/** A session of WebDriver BiDi: commands and their answers, and what happens to pages. https://w3c.github.io/webdriver-bidi */
export class Bidi {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { done: (result: unknown) => void; failed: (reason: Error) => void }>();
  readonly #watching = new Set<(event: Happened) => void>();
  #last = 0;

  /** Connects to a browser that listens at an address like ws://127.0.0.1:1234, and subscribes to events. */
  static async connect(address: string, events: string[]): Promise<Bidi> {
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    const bidi = new Bidi(socket);
    await bidi.send('session.new', { capabilities: {} }, startLimit);
    await bidi.send('session.subscribe', { events }, startLimit);
    return bidi;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (text) => this.#take(JSON.parse(String(text)) as Answer | (Happened & { type: 'event' })));
    socket.on('close', () => {
      for (const { failed } of this.#waiting.values()) failed(new Error('the browser is gone'));
    });
  }

  send<Result>(method: string, params: object, within = limit): Promise<Result> {
    const id = ++this.#last;
    return new Promise<Result>((done, failed) => {
      const late = setTimeout(() => {
        this.#waiting.delete(id);
        failed(new NoAnswer(method));
      }, within);
      this.#waiting.set(id, {
        done: (result) => {
          clearTimeout(late);
          done(result as Result);
        },
        failed: (reason) => {
          clearTimeout(late);
          failed(reason);
        },
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /**
   * Sends a command that may make a page go, and with it, now and then, the answer: it is done as well
   * as soon as one of the events from now on shows that it is.
   */
  async sendOrSee(method: string, params: object, shows: (event: Happened) => boolean): Promise<void> {
    let see = (_: Happened): void => {};
    const seen = new Promise<void>((done) => {
      see = (event) => {
        if (shows(event)) done();
      };
    });
    this.#watching.add(see);
    const answer = this.send(method, params);
    // Whether the answer comes after that does not matter.
    answer.catch(() => {});
    try {
      await Promise.race([answer, seen]);
    } finally {
      this.#watching.delete(see);
    }
  }

  #take(message: Answer | (Happened & { type: 'event' })): void {
    if (message.type === 'event') {
      for (const see of this.#watching) see(message);
      return;
    }
    const waiting = message.id === null ? undefined : this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id!);
    if (message.type === 'success') waiting.done(message.result);
    else waiting.failed(new Error(`${message.error}: ${message.message}`));
  }
}

/** A command was not answered in time. */
export class NoAnswer extends Error {
  constructor(method: string) {
    super(`no answer to ${method}`);
  }
}

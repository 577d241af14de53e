import { once } from 'node:events';
import { WebSocket } from 'ws';

// For a command: an answer can get lost where a page makes way for another.
const limit = 30_000;

// A browser gives a session once it has done all that it does at its start.
const startLimit = 90_000;

type Answer = { id: number | null; type: 'success' | 'error' | 'event'; result?: unknown; error?: string; message?: string };

/** A session of WebDriver BiDi: commands and their answers, without the events. https://w3c.github.io/webdriver-bidi */
export class Bidi {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { done: (result: unknown) => void; failed: (reason: Error) => void }>();
  #last = 0;

  /** Connects to a browser that listens at an address like ws://127.0.0.1:1234. */
  static async connect(address: string): Promise<Bidi> {
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    const bidi = new Bidi(socket);
    await bidi.send('session.new', { capabilities: {} }, startLimit);
    return bidi;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (text) => this.#take(JSON.parse(String(text)) as Answer));
    socket.on('close', () => {
      for (const { failed } of this.#waiting.values()) failed(new Error('the browser is gone'));
    });
  }

  send<Result>(method: string, params: object, within = limit): Promise<Result> {
    const id = ++this.#last;
    return new Promise<Result>((done, failed) => {
      const late = setTimeout(() => failed(new Error(`no answer to ${method}`)), within);
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

  #take(answer: Answer): void {
    const waiting = answer.id === null ? undefined : this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id!);
    if (answer.type === 'success') waiting.done(answer.result);
    else waiting.failed(new Error(`${answer.error}: ${answer.message}`));
  }
}

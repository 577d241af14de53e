import { once } from 'node:events';
import { type ClientRequest, createServer, type IncomingMessage, request as open, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** What becomes of one write: a status, no answer, or a cut connection; with done, Maia does it all the same. */
export type Accident = { ends: number | 'hang' | 'reset'; done?: boolean };

/**
 * A reverse proxy between a portal and Maia that holds each write until the test lets it go: so a test
 * says what happens while a submission is under way, however slow the machine is, and which write comes to grief.
 * Reads go through.
 */
export class Gate {
  /** Maia's base URL for the portal, through the gate. */
  readonly url: string;
  readonly #target: URL;
  readonly #server: Server;
  readonly #held: (() => void)[] = [];
  readonly #onward = new Set<ClientRequest>();
  #arrived = 0;
  #open = false;
  #accident: { passing: number; accident: Accident } | undefined;
  #waiting: { writes: number; there: () => void }[] = [];

  static async before(maiaUrl: string): Promise<Gate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, new URL(maiaUrl));
  }

  private constructor(server: Server, target: URL) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`;
    // The portal decides how long it keeps a connection. Closing an idle one here could meet its next write.
    server.keepAliveTimeout = 0;
    server.on('request', (request, response) => {
      // Whoever sent it may hang up at any time.
      this.#take(request, response).catch(() => response.destroy());
    });
  }

  /** Waits until this many writes have come, whether or not they were let go. */
  async arrived(writes: number): Promise<void> {
    if (this.#arrived < writes) await new Promise<void>((there) => this.#waiting.push({ writes, there }));
  }

  /** Lets go what is held, and whatever comes later. */
  release(): void {
    this.#open = true;
    for (const go of this.#held.splice(0)) go();
  }

  /** Lets one write fail: the one that comes after the given number of others. */
  strike(accident: Accident, passing: number): void {
    this.#accident = { passing, accident };
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    for (const request of this.#onward) request.destroy();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    if (request.method !== 'GET') {
      this.#arrived++;
      for (const { writes, there } of this.#waiting) if (this.#arrived >= writes) there();
      this.#waiting = this.#waiting.filter(({ writes }) => this.#arrived < writes);
      if (!this.#open) await new Promise<void>((go) => this.#held.push(go));
      const accident = this.#struck();
      if (accident) return this.#fail(accident, request, response, Buffer.concat(pieces));
    }
    const answer = await this.#pass(request, Buffer.concat(pieces));
    const { connection: _, ...headers } = answer.headers;
    response.writeHead(answer.statusCode!, headers);
    for await (const piece of answer) response.write(piece);
    response.end();
  }

  #struck(): Accident | undefined {
    if (this.#accident && this.#accident.passing-- === 0) {
      const { accident } = this.#accident;
      this.#accident = undefined;
      return accident;
    }
  }

  async #fail(accident: Accident, request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    if (accident.done) (await this.#pass(request, body)).resume();
    if (accident.ends === 'reset') request.socket.resetAndDestroy();
    else if (accident.ends !== 'hang') response.writeHead(accident.ends, { 'Content-Type': 'application/json' }).end('{}');
  }

  async #pass(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    // A connection of its own for each call, so that none is reused which Maia is just closing.
    const onward = open({
      host: this.#target.hostname, port: this.#target.port, method: request.method, path: request.url,
      headers: { ...request.headers, host: this.#target.host, connection: 'close' }, agent: false,
    });
    this.#onward.add(onward);
    onward.on('close', () => this.#onward.delete(onward));
    onward.end(body);
    return ((await once(onward, 'response')) as [IncomingMessage])[0];
  }
}

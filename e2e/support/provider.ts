import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Adapter, type AdapterPayload, type ClientMetadata, type Configuration, errors } from 'oidc-provider';
import type { Account } from './portal.ts';

/** What access tokens are for. */
export const resource = 'https://api.matillion.com';

export type Member = Account & { name: string; groups: string[] };

/** The provider's accounts. */
export const members = {
  admin: { username: 'ada', password: 'ada-password', role: 'admin', name: 'Ada Winter', groups: ['staff', 'maia-admins'] },
  outsider: { username: 'otto', password: 'otto-password', role: 'outsider', name: 'Otto Brandt', groups: ['staff'] },
} satisfies Record<string, Member>;

/** Serves on a free loopback port. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ server: Server; url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request) body += piece;
  return body;
}

/** The claims of a JWT, unchecked. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}');
}

/** Waits until a JWT's exp has passed. */
export async function runOut(token: string): Promise<void> {
  const left = Number(claimsOf(token).exp) * 1000 - Date.now();
  await new Promise((later) => setTimeout(later, Math.max(0, left) + 20));
}

// The pages work without script.
function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${content}</html>`;
}

/** Everything that the provider keeps, in memory. Whether something has expired is the provider's to see. */
function memory(): (model: string) => Adapter {
  const rows = new Map<string, AdapterPayload>();
  return (model) => {
    const key = (id: string) => `${model}:${id}`;
    const first = (match: (row: AdapterPayload) => boolean) => [...rows].find(([k, row]) => k.startsWith(`${model}:`) && match(row))?.[1];
    return {
      upsert: async (id, payload) => void rows.set(key(id), payload),
      find: async (id) => rows.get(key(id)),
      findByUid: async (uid) => first((row) => row.uid === uid),
      findByUserCode: async (code) => first((row) => row.userCode === code),
      consume: async (id) => {
        rows.get(key(id))!.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void rows.delete(key(id)),
      revokeByGrantId: async (grantId) => {
        for (const [k, row] of rows) if (row.grantId === grantId) rows.delete(k);
      },
    };
  };
}

/**
 * A certified OpenID provider with defaults of its own: a refresh token only for a consent to
 * offline_access, each one good once (a second use ends the whole grant), access tokens for the resource
 * that the request of a token names, logout of clients by the back channel.
 */
export class LoginService {
  readonly issuer: string;
  /** What the access tokens that are issued from now on live, in seconds. */
  accessTokenLife = 300;
  /** What has happened, by the provider's own names of events. */
  readonly events: string[] = [];
  /** Refresh tokens, oldest first. */
  readonly refreshTokens: string[] = [];
  /** Access tokens for the resource, oldest first. */
  readonly accessTokens: string[] = [];
  publicKey!: KeyObject;
  /** Answers requests of a token in place of the provider, as a gateway or another provider does. */
  instead?: { status: number; type: string; body: string };
  #held: Promise<void> = Promise.resolve();
  #provider!: Provider;
  readonly #server: Server;
  readonly #keep: (model: string) => Adapter;

  static async start(): Promise<LoginService> {
    let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {};
    const { server, url } = await listen((request, response) => answer(request, response));
    const service = new LoginService(url, server);
    answer = (request, response) => void service.#answer(request, response);
    return service;
  }

  private constructor(issuer: string, server: Server) {
    this.issuer = issuer;
    this.#server = server;
    this.#keep = memory();
    this.restart();
  }

  /** Begins anew with another key, as a provider does that keeps its keys in memory. What it has kept stays. */
  restart(): void {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.publicKey = publicKey;

    const people: Member[] = Object.values(members);
    const configuration: Configuration = {
      adapter: this.#keep,
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' } as never] },
      cookies: { keys: [createHash('sha256').update(this.issuer).digest('hex')] },
      claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
      scopes: ['openid', 'offline_access'],
      // The claims are in the ID token, too.
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      rotateRefreshToken: true,
      ttl: { AccessToken: () => this.accessTokenLife, IdToken: 300, RefreshToken: 3600, Interaction: 300, Session: 3600, Grant: 3600 },
      clientBasedCORS: () => false,
      // By itself it calls no client on loopback.
      fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
      findAccount: (_, id) => {
        const one = people.find((m) => m.username === id);
        return one && { accountId: id, claims: () => ({ sub: id, name: one.name, preferred_username: id, email: `${id}@example.com`, groups: one.groups }) };
      },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      renderError: (ctx, out) => {
        ctx.type = 'html';
        ctx.body = page('Refused', `<p>${out.error}</p>`);
      },
      features: {
        devInteractions: { enabled: false },
        revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (ctx, form) => {
            ctx.body = page('Sign out?', `${form}<button form="op.logoutForm" name="logout" value="yes">Sign out here</button>`);
          },
          postLogoutSuccessSource: (ctx) => {
            ctx.body = page('Signed out here', '');
          },
        },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, indicator) => {
            if (indicator !== resource) throw new errors.InvalidTarget();
            return { scope: '', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: this.accessTokenLife, jwt: { sign: { alg: 'RS256' } } };
          },
        },
      },
    };
    this.#provider = new Provider(this.issuer, configuration);
    this.#listen();
  }

  #listen(): void {
    const p = this.#provider;
    p.on('grant.success', (ctx) => {
      this.events.push(`grant ${ctx.oidc.params?.grant_type}`);
      const { access_token: access, refresh_token: refresh } = ctx.body as { access_token?: string; refresh_token?: string };
      if (access) this.accessTokens.push(access);
      if (refresh) this.refreshTokens.push(refresh);
    });
    p.on('grant.error', (ctx, error) => this.events.push(`grant ${ctx.oidc.params?.grant_type} refused: ${error.error_detail ?? error.error_description ?? error.message} ${error.cause ?? ''}`));
    p.on('grant.revoked', () => this.events.push('grant revoked'));
    p.on('refresh_token.destroyed', () => this.events.push('refresh token destroyed'));
    p.on('revocation.error', (_, error) => this.events.push(`revocation refused: ${error.message}`));
    p.on('end_session.success', () => this.events.push('session ended'));
    p.on('backchannel.success', () => this.events.push('back-channel logout'));
    p.on('backchannel.error', (_, error) => this.events.push(`back-channel logout failed: ${error.message}`));
    p.on('server_error', (_, error) => this.events.push(`server error: ${error.stack}`));
  }

  /** Makes a portal known. It can be running already. */
  async register(portal: string, client: ClientMetadata): Promise<void> {
    await this.#keep('Client').upsert(client.client_id, {
      redirect_uris: [`${portal}/auth/callback`],
      post_logout_redirect_uris: [`${portal}/signed-out`],
      backchannel_logout_uri: `${portal}/auth/backchannel-logout`,
      backchannel_logout_session_required: true,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...client,
    } as AdapterPayload, 0);
  }

  count(event: string): number {
    return this.events.filter((e) => e === event).length;
  }

  /** How often a refresh token was redeemed. */
  get refreshes(): number {
    return this.count('grant refresh_token');
  }

  /** An administrator takes back what the latest refresh token stands for. */
  async revoke(): Promise<void> {
    const token = await this.#provider.RefreshToken.find(this.refreshTokens.at(-1)!);
    const grant = await this.#provider.Grant.find(token!.grantId!);
    await this.#provider.RefreshToken.revokeByGrantId(grant!.jti);
    await grant!.destroy();
  }

  /** Whether a refresh token could still be redeemed. */
  async redeemable(refreshToken: string): Promise<boolean> {
    const token = await this.#provider.RefreshToken.find(refreshToken);
    return token !== undefined && !token.consumed && (await this.#provider.Grant.find(token.grantId!)) !== undefined;
  }

  stop(): Promise<void> {
    return close(this.#server);
  }

  /** Lets the token endpoint answer nobody until the function that it gives is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/token') await this.#held;
    if (request.url === '/token' && this.instead) {
      response.writeHead(this.instead.status, { 'content-type': this.instead.type }).end(this.instead.body);
      return;
    }
    if (!request.url!.startsWith('/interaction/')) {
      this.#provider.callback()(request, response);
      return;
    }
    this.#interact(request, response).catch((error: Error) => {
      this.events.push(`server error: ${error.stack}`);
      response.writeHead(500).end();
    });
  }

  async #interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const interaction = await this.#provider.interactionDetails(request, response);
    const action = request.url!;
    const show = (content: string) => void response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(content);
    const finish = (result: Parameters<Provider['interactionFinished']>[2]) => this.#provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
    const form = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : undefined;

    if (interaction.prompt.name === 'login') {
      const one = Object.values(members).find((m) => m.username === form?.get('username') && m.password === form.get('password'));
      if (one) return finish({ login: { accountId: one.username } });
      return show(page('Sign in', `<form method="post" action="${action}"><label>Username <input name="username"></label><label>Password <input name="password" type="password"></label><button>Sign in</button></form>`));
    }
    if (!form) return show(page('Allow the portal?', `<form method="post" action="${action}"><button>Allow</button></form>`));

    const { Grant } = this.#provider;
    const grant = interaction.grantId ? await Grant.find(interaction.grantId) : new Grant({ accountId: interaction.session!.accountId, clientId: String(interaction.params.client_id) });
    const missing = interaction.prompt.details as { missingOIDCScope?: string[]; missingOIDCClaims?: string[] };
    if (missing.missingOIDCScope) grant!.addOIDCScope(missing.missingOIDCScope.join(' '));
    if (missing.missingOIDCClaims) grant!.addOIDCClaims(missing.missingOIDCClaims);
    return finish({ consent: { grantId: await grant!.save() } });
  }
}

/** One call as Maia saw it. */
export type MaiaCall = { method: string; path: string; token: string; body: string; status: number };

/** A Maia that accepts the tokens of one login service, has no lists, and creates whatever it is asked for. */
export class Maia {
  readonly url: string;
  readonly calls: MaiaCall[] = [];
  readonly #server: Server;

  static async start(service: LoginService): Promise<Maia> {
    let maia: Maia;
    const { server, url } = await listen((request, response) => {
      void maia.#answer(request, response, service);
    });
    maia = new Maia(url, server);
    return maia;
  }

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  /** The calls that were to create something, oldest first. */
  get writes(): MaiaCall[] {
    return this.calls.filter((call) => call.method !== 'GET');
  }

  stop(): Promise<void> {
    return close(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, service: LoginService): Promise<void> {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const call: MaiaCall = { method: request.method!, path: request.url!, token, body: await bodyOf(request), status: 401 };
    this.calls.push(call);
    const fault = faultOf(token, service);
    if (fault) {
      response.writeHead(401, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ title: 'Unauthorized', status: 401, detail: fault }));
      return;
    }
    call.status = call.method === 'GET' ? 200 : 201;
    const name = call.path.includes('/secret-value') ? (JSON.parse(call.body) as { secret: { name: string } }).secret.name : undefined;
    const body = call.method === 'GET' ? { page: 0, results: [], size: 0, total: 0 } : name ? { vaultSecretName: name, resolver_ref: `vault:${name}` } : {};
    response.writeHead(call.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
}

/** Why Maia does not accept a token; empty where it does. */
function faultOf(token: string, service: LoginService): string {
  const [header, payload, signature] = token.split('.');
  if (!signature || !verify('sha256', Buffer.from(`${header}.${payload}`), service.publicKey, Buffer.from(signature, 'base64url'))) return 'not signed by the login service';
  const claims = claimsOf(token);
  if (claims.aud !== resource) return 'meant for somebody else';
  return Number(claims.exp) * 1000 > Date.now() ? '' : 'expired';
}

/** A key for a client that signs its requests: the private one in PEM, the public one as the provider is told of it. */
export function clientKey(): { pem: string; jwk: JsonWebKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  // This provider takes no key of another name than the one in the assertion: the thumbprint (RFC 7638).
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, jwk: { crv, kty, x, y, kid, alg: 'ES256', use: 'sig' } };
}

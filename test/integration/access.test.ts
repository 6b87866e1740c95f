/** Who gets in, and what they may do then: every role, message, name and token, at a real server. */
import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { base64url, SignJWT, UnsecuredJWT } from 'jose';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { Role } from '../../src/server/auth/access.js';
import type { SecurityOptions } from '../../src/server/auth/credentials.js';
import {
  AUDIENCE,
  goodClaims,
  ISSUER,
  jwtSigner,
  newToken,
  privateFile,
  tokenFile,
} from '../support/access.js';
import { RawClient, startServer } from '../support/server.js';

const SPEC = { features: 1, units: 2, task: { kind: 'supervised', outputs: 1 } };
/** More refused tokens than any test here has. */
const PATIENT = { refusedTokens: 1000 };

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Starts a server that keeps its log. */
async function guarded(security: SecurityOptions, limits = {}) {
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => log.push(line) });
  const started = await startServer({ ...PATIENT, ...limits }, 0, { security, logger });
  return { ...started, log, page: started.httpUrl };
}

/** Gives what an upgrade is answered with. */
const upgrade = (url: string, options: object) =>
  new Promise<{ status: number; challenge: string | undefined }>((resolve, reject) => {
    const socket = new WebSocket(`${url}/stream`, ['eddy.v1.json'], options);
    socket.on('unexpected-response', (_request, response) => {
      resolve({ status: response.statusCode ?? 0, challenge: response.headers['www-authenticate'] });
      response.resume();
      socket.terminate();
    });
    socket.on('open', () => {
      resolve({ status: 101, challenge: undefined });
      socket.close();
    });
    socket.on('error', (error) => reject(error));
  }).catch((error: Error) => ({ status: 0, challenge: error.message }));

/** Who signs: two whose keys are known, and one whose is not. */
const [a, b, stranger] = await Promise.all([jwtSigner(), jwtSigner('ES256', 'b'), jwtSigner()]);

describe('a role', () => {
  const IN = 'room-1';
  const OUT = 'hall-1';
  /** As docs/protocol.md has it. */
  const NEEDED: Record<string, Role> = {
    open: 'produce',
    steps: 'produce',
    targets: 'produce',
    close: 'produce',
    subscribe: 'subscribe',
    unsubscribe: 'subscribe',
    configure: 'admin',
    reset: 'admin',
  };
  const messageOf = (kind: string, sequence: string, channel: number): Record<string, unknown> =>
    ({
      open: { sequence, mode: 'resume' },
      subscribe: { sequence, view: 'states' },
      steps: { channel, seq: 0, x: [1] },
      targets: { channel, seq: 99, targets: [1] },
      close: { channel },
      unsubscribe: { channel, view: 'states' },
      configure: { channel, learning: false },
      reset: { channel, what: 'state' },
    })[kind]!;
  /** What comes of a message that may pass. */
  const PASSED: Record<string, string> = {
    open: 'opened',
    subscribe: 'subscribed',
    steps: 'ack',
    targets: 'target-early',
    close: 'done',
    unsubscribe: 'done',
    configure: 'done',
    reset: 'done',
  };

  const cases = (['produce', 'subscribe', 'admin'] as const).flatMap((role) =>
    Object.entries(NEEDED).flatMap(([kind, needed]) =>
      [IN, OUT].map((sequence) => {
        const hasRole = role === 'admin' || role === needed;
        const namesIt = kind === 'open' || kind === 'subscribe';
        const outside = namesIt ? 'permission-denied' : 'channel-unknown';
        return [
          role,
          kind,
          sequence,
          hasRole ? (sequence === IN ? PASSED[kind]! : outside) : 'permission-denied',
        ] as const;
      }),
    ),
  );

  it.each(cases)(
    '[ACC1] of %s, limited to room-*, that says %s about %s, gets %s',
    async (role, kind, sequence, expected) => {
      const owner = newToken(['admin']);
      const tested = newToken([role], ['room-*']);
      const { url } = await guarded({ tokens: tokenFile(owner, tested) });
      const setup = await RawClient.connect(url, 'json', true, bearer(owner.token));
      const channels: Record<string, number> = {
        [IN]: await setup.open(IN, SPEC),
        [OUT]: await setup.open(OUT, SPEC),
      };
      const client = await RawClient.connect(url, 'json', true, bearer(tested.token));
      if (role !== 'subscribe') await client.request({ type: 'open', sequence: IN, mode: 'resume' });
      if (role !== 'produce') await client.request({ type: 'subscribe', sequence: IN, view: 'states' });

      const from = client.received.length;
      const asks = kind !== 'steps' && kind !== 'targets';
      client.send({ type: kind, ...messageOf(kind, sequence, channels[sequence]!), ...(asks && { id: 77 }) });
      const answer = await client.find(({ type }) => type !== 'states' && type !== 'metrics', from);
      expect(answer.type === 'error' ? answer.code : answer.type).toBe(expected);
      if (expected === 'permission-denied') {
        const [words, where] = [
          `${kind} needs the role ${NEEDED[kind]}`,
          asks ? { re: 77 } : { channel: channels[sequence] },
        ];
        expect(answer).toMatchObject({ message: expect.stringContaining(words), temporary: false, ...where });
        if (kind === 'open' || kind === 'subscribe') expect(answer.message).toContain(sequence);
      }
      // the socket stays open
      const right =
        role === 'subscribe' ? { type: 'subscribe', view: 'states' } : { type: 'open', mode: 'resume' };
      expect((await client.request({ ...right, sequence: IN })).type).not.toBe('error');
    },
  );

  it('[ACC1] that is missing is told before it is known whether there is such a sequence', async () => {
    const tested = newToken(['subscribe'], ['room-*']);
    const { url } = await guarded({ tokens: tokenFile(tested) });
    const client = await RawClient.connect(url, 'json', true, bearer(tested.token));
    const subscribe = (sequence: string) => client.request({ type: 'subscribe', sequence, view: 'states' });
    expect((await subscribe('hall-none')).code).toBe('permission-denied');
    expect((await subscribe('room-none')).code).toBe('sequence-unknown');
  });

  it('[ACC1] that is missing counts like any refused message', async () => {
    const tested = newToken(['subscribe']);
    const { url } = await guarded({ tokens: tokenFile(tested) }, { errors: 2 });
    const client = await RawClient.connect(url, 'json', true, bearer(tested.token));
    for (let i = 0; i < 3; i++) client.send({ type: 'steps', channel: 1, seq: 0, x: [1] });
    expect((await client.closed).code).toBe(3501);
  });
});

describe('a token', () => {
  type Make = () => string | Promise<string>;
  const known = newToken(['produce'], ['room-*']);
  const old = newToken(['admin'], ['*'], { expires: '2020-01-01T00:00:00Z' });
  const now = Math.floor(Date.now() / 1000);
  const pem = { tokens: 'list', jwtKey: a.pem, jwtAudience: AUDIENCE, jwtIssuer: ISSUER };
  const set = { ...pem, jwtKey: JSON.stringify({ keys: [a.jwk, b.jwk] }) };
  const withFiles = (options: typeof pem): SecurityOptions => ({
    ...options,
    tokens: tokenFile(known, old),
    jwtKey: privateFile('jwt.key', options.jwtKey),
  });
  const hmac = (secret: string, alg: string) =>
    new SignJWT(goodClaims()).setProtectedHeader({ alg, kid: 'a' }).sign(new TextEncoder().encode(secret));
  const encoded = (value: object) => base64url.encode(JSON.stringify(value));
  const tampered = async (): Promise<string> => {
    const [head, , signature] = (await a.sign()).split('.');
    return [head, encoded(goodClaims({ roles: ['admin'] })), signature].join('.');
  };

  const GOOD: [string, typeof pem, Make][] = [
    ['of the list', pem, () => known.token],
    ['signed with the PEM key', pem, () => a.sign()],
    ['signed with one key of the set', set, () => a.sign()],
    ['signed with the other', set, () => b.sign({}, { kid: 'b' })],
    ['for several audiences', pem, () => a.sign({ aud: ['x', AUDIENCE] })],
  ];
  it.each(GOOD)('[ACC8] %s lets in at the upgrade, and in hello', async (_name, options, make) => {
    const token = await make();
    const { url, page, log } = await guarded(withFiles(options));
    expect((await upgrade(url, bearer(token))).status).toBe(101);
    const client = await RawClient.connect(url, 'json', false, { origin: page });
    client.send({ type: 'hello', version: 1, token });
    expect((await client.next('welcome')).version).toBe(1);
    expect(
      (await client.request({ type: 'open', sequence: 'room-1', mode: 'either', spec: SPEC })).type,
    ).toBe('opened');
    expect(
      (await client.request({ type: 'open', sequence: 'hall-1', mode: 'either', spec: SPEC })).code,
    ).toBe('permission-denied');
    expect(log.join()).not.toContain(token);
  });

  const BAD: [string, typeof pem, Make, string][] = [
    ['that is not of the list', pem, () => newToken(['admin']).token, 'is unknown'],
    ['of the list that has expired', pem, () => old.token, 'expired'],
    ['that is its hash', pem, () => known.entry.hash, 'not valid'],
    ['that is garbage', pem, () => 'garbage', 'not valid'],
    ['that is empty dots', pem, () => '..', 'not valid'],
    ['that is too long', pem, () => `eddy_${'a'.repeat(5000)}`, 'more than 4096'],
    ['that has expired', pem, () => a.sign({ exp: now - 60 }), 'expired'],
    ['that never expires', pem, () => a.sign({ exp: undefined }), 'claim exp'],
    ['that is not valid yet', pem, () => a.sign({ nbf: now + 600 }), 'claim nbf'],
    ['for another audience', pem, () => a.sign({ aud: 'other' }), 'claim aud'],
    ['for no audience', pem, () => a.sign({ aud: undefined }), 'claim aud'],
    ['of another issuer', pem, () => a.sign({ iss: 'https://evil.test' }), 'claim iss'],
    ['of no issuer', pem, () => a.sign({ iss: undefined }), 'claim iss'],
    ['signed with a strange key', pem, () => stranger.sign(), 'not valid'],
    ['whose claims were changed', pem, tampered, 'not valid'],
    ['with alg none', pem, () => new UnsecuredJWT(goodClaims()).encode(), 'not valid'],
    [
      'with alg none and a signature',
      pem,
      () => `${encoded({ alg: 'none' })}.${encoded(goodClaims())}.AAAA`,
      'not valid',
    ],
    ['with HMAC of the public key', pem, () => hmac(a.pem, 'HS256'), 'not valid'],
    [
      'with HMAC of the key set',
      set,
      () => hmac(JSON.stringify({ keys: [a.jwk, b.jwk] }), 'HS256'),
      'not valid',
    ],
    ['of a key id that is not known', set, () => a.sign({}, { kid: 'c' }), 'not valid'],
    ['of the key id of another key', set, () => a.sign({}, { kid: 'b' }), 'not valid'],
    ['that brings its own key', pem, () => stranger.sign({}, { jwk: stranger.jwk }), 'not valid'],
    ['with an extension that must be understood', pem, () => critical(), 'not valid'],
    ['without roles', pem, () => a.sign({ roles: undefined }), 'claim roles'],
    ['with a role there is not', pem, () => a.sign({ roles: ['root'] }), 'claim roles'],
    ['without sequences', pem, () => a.sign({ sequences: undefined }), 'claim sequences'],
    ['with a pattern that is none', pem, () => a.sign({ sequences: ['a b'] }), 'claim sequences'],
  ];
  it.each(BAD)(
    '[ACC8] %s is refused at the upgrade with 401, and in hello with 3502',
    async (_name, options, make, words) => {
      const token = await make();
      const { url, page, log } = await guarded(withFiles(options));
      expect(await upgrade(url, bearer(token))).toEqual({
        status: 401,
        challenge: 'Bearer realm="eddy", error="invalid_token"',
      });
      const client = await RawClient.connect(url, 'json', false, { origin: page });
      client.send({ type: 'hello', version: 1, token });
      client.send({ type: 'open', id: 1, sequence: 'room-1', mode: 'either', spec: SPEC });
      expect(await client.closed).toEqual({ code: 3502, reason: 'unauthorized' });
      expect(client.received).toMatchObject([{ type: 'error', code: 'unauthorized', temporary: false }]);
      expect(client.received[0]?.message).toContain(words);
      const told = log.filter((line) => line.includes('a token was refused')).map((line) => JSON.parse(line));
      expect(told).toMatchObject([
        { reason: expect.stringContaining(words) },
        { reason: expect.stringContaining(words) },
      ]);
      for (const part of token.split('.').filter((text) => text.length > 8))
        expect(log.join() + client.received[0]?.message).not.toContain(part);
    },
  );

  const critical = () =>
    new SignJWT(goodClaims())
      .setProtectedHeader({ alg: 'ES256', crit: ['x-eddy'], 'x-eddy': true })
      .sign(a.privateKey, { crit: { 'x-eddy': true } });

  it('[ACC8] is needed: without one a program gets 401, and a page is closed after hello', async () => {
    const { url, page } = await guarded({ tokens: tokenFile(known) });
    expect(await upgrade(url, {})).toEqual({ status: 401, challenge: 'Bearer realm="eddy"' });
    for (const authorization of [
      '',
      'Bearer',
      'Basic abcd',
      `Bearer ${known.token} x`,
      `Bearer ${known.token}\t;`,
    ])
      expect((await upgrade(url, { headers: { authorization } })).status).toBe(401);
    const client = await RawClient.connect(url, 'json', false, { origin: page });
    client.send({ type: 'open', id: 1, sequence: 'room-1', mode: 'either', spec: SPEC });
    expect((await client.next('error')).code).toBe('hello-expected');
    client.send({ type: 'hello', version: 1 });
    expect((await client.closed).code).toBe(3502);
  });

  it('[ACC9] of hello counts, where the upgrade had one too', async () => {
    const reader = newToken(['subscribe']);
    const { url } = await guarded({ tokens: tokenFile(known, reader) });
    const open = { type: 'open', sequence: 'room-1', mode: 'either', spec: SPEC };
    const client = await RawClient.connect(url, 'json', false, bearer(reader.token));
    client.send({ type: 'hello', version: 1, token: known.token });
    expect((await client.request(open)).type).toBe('opened');
    const wrong = await RawClient.connect(url, 'json', false, bearer(reader.token));
    wrong.send({ type: 'hello', version: 1, token: 'eddy_wrong' });
    expect((await wrong.closed).code).toBe(3502);
  });

  it('[ACC9] that is being checked holds back what comes after it, in its order', async () => {
    const { url, page } = await guarded(withFiles(pem));
    const client = await RawClient.connect(url, 'json', false, { origin: page });
    client.send({ type: 'hello', version: 1, token: await a.sign() });
    client.send({ type: 'open', id: 1, sequence: 'room-1', mode: 'either', spec: SPEC });
    for (let seq = 0; seq < 20; seq++) client.send({ type: 'steps', channel: 1, seq, x: [seq] });
    await client.find(({ type, seq }) => type === 'ack' && seq === 19);
    expect(client.received.slice(0, 2)).toMatchObject([{ type: 'welcome' }, { type: 'opened', re: 1 }]);
    expect(client.all('error')).toEqual([]);
  });

  it('[ACC11] that is wrong too often makes the address wait, with 429 and 3011', async () => {
    const { url, page } = await guarded(withFiles(pem), { refusedTokens: 2 });
    const wrong = await stranger.sign();
    for (const status of [401, 401, 429]) expect((await upgrade(url, bearer(wrong))).status).toBe(status);
    expect((await upgrade(url, bearer(await a.sign()))).status).toBe(429);
    const client = await RawClient.connect(url, 'json', false, { origin: page });
    client.send({ type: 'hello', version: 1, token: wrong });
    expect(await client.closed).toEqual({ code: 3011, reason: 'attempts-limit' });
    expect((await upgrade(url, bearer(known.token))).status).toBe(101);
  });

  it('[ACC8] that nobody asks for is ignored', async () => {
    const { url } = await startServer();
    const client = await RawClient.connect(url, 'json', false, bearer('whatever'));
    client.send({ type: 'hello', version: 1, token: 'whatever' });
    expect((await client.request({ type: 'open', sequence: 's', mode: 'either', spec: SPEC })).type).toBe(
      'opened',
    );
  });
});

describe('tokens that are read again', () => {
  it('[ACC15] send away who is not in the list any more, make who has other rights reconnect, and leave the others', async () => {
    const [leaves, changes, stays] = [newToken(['admin']), newToken(['admin']), newToken(['subscribe'])];
    const tokens = tokenFile(leaves, changes, stays);
    const { url, server } = await guarded({ tokens });
    const connect = ({ token }: { token: string }) => RawClient.connect(url, 'json', true, bearer(token));
    const clients = await Promise.all([leaves, changes, stays].map(connect));
    writeFileSync(tokens, 'broken');
    await server.reload();
    for (const client of clients)
      expect((await client.request({ type: 'close', channel: 9 })).type).toBe('error');
    writeFileSync(tokens, JSON.stringify([{ ...changes.entry, roles: ['subscribe'] }, stays.entry]));
    await server.reload();
    expect(await clients[0]!.closed).toEqual({ code: 3502, reason: 'unauthorized' });
    expect(await clients[1]!.closed).toEqual({ code: 3010, reason: 'access-changed' });
    expect((await clients[2]!.request({ type: 'close', channel: 9 })).code).toBe('permission-denied');
    expect((await upgrade(url, bearer(leaves.token))).status).toBe(401);
    expect((await upgrade(url, bearer(changes.token))).status).toBe(101);
  });
});

describe('a web page', () => {
  const status = async (url: string, headers: Record<string, string>) =>
    (await upgrade(url, { headers })).status;

  it('[SRV4] may connect where it came from the server itself, or is allowed by name', async () => {
    const { url, port } = await startServer({}, 0, { security: { origins: ['https://dash.example:8443'] } });
    for (const origin of ['127.0.0.1', 'localhost', '[::1]'].map((name) => `http://${name}:${port}`))
      expect(await status(url, { origin })).toBe(101);
    expect(await status(url, { origin: 'https://dash.example:8443' })).toBe(101);
    for (const origin of [
      'https://evil.example',
      'null',
      '',
      `https://127.0.0.1:${port}`,
      `http://127.0.0.1:${port + 1}`,
      `http://127.0.0.1:${port}/`,
      `http://127.0.0.1:${port}.evil.example`,
      `http://localhost.evil.example:${port}`,
      'https://dash.example',
      'http://dash.example:8443',
      'https://sub.dash.example:8443',
    ])
      expect([origin, await status(url, { origin })]).toEqual([origin, 403]);
  });

  it('[ACC12] cannot come in by a name that it gave this machine itself', async () => {
    const { url, httpUrl, port } = await startServer({}, 0, {
      security: { origins: ['https://dash.example:8443'] },
    });
    const rebound = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
    expect(await status(url, rebound)).toBe(421);
    expect(await status(url, { host: `evil.example:${port}` })).toBe(421);
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:80', 'dash.example'])
      expect([host, await status(url, { host })]).toEqual([host, 101]);
    for (const host of [
      'localhost.',
      'localhost:x',
      'a@localhost',
      'localhost, evil.example',
      '[::2]',
      '10.0.0.1',
    ])
      expect([host, await status(url, { host })]).toEqual([host, 421]);
    const get = (host: string, path: string) => plain(httpUrl + path, 'GET', { host });
    expect(await get('evil.example', '/livez')).toBe(421);
    expect(await get('evil.example', '/nowhere')).toBe(421);
    expect(await get('localhost', '/livez')).toBe(200);
  });

  it('[ACC13] may change nothing over plain HTTP either, where it is a foreign one', async () => {
    const { httpUrl } = await startServer();
    const origin = 'https://evil.example';
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(await plain(`${httpUrl}/livez`, method, { origin })).toBe(403);
    expect(await plain(`${httpUrl}/livez`, 'POST', { origin: httpUrl })).toBe(405);
    expect(await plain(`${httpUrl}/livez`, 'GET', { origin })).toBe(200);
  });

  it('[ACC13] is told by its Origin: where tokens are needed, who sends none needs a token at once', async () => {
    const reader = newToken(['subscribe']);
    const { url, httpUrl } = await guarded({ tokens: tokenFile(reader) });
    const { authorization } = bearer(reader.token).headers;
    expect(await status(url, {})).toBe(401);
    expect(await status(url, { authorization })).toBe(101);
    expect(await status(url, { authorization, origin: httpUrl })).toBe(101);
    expect(await status(url, { authorization, origin: 'https://evil.example' })).toBe(403);
    expect(await plain(`${httpUrl}/livez`, 'POST', {})).toBe(401);
    expect(await plain(`${httpUrl}/livez`, 'GET', {})).toBe(200);
  });

  it('[ACC13] that is allowed is an origin and nothing else', async () => {
    for (const origin of [
      'dash.example',
      '*',
      'null',
      'https://dash.example/',
      'ftp://x',
      'https://a.example/path',
    ])
      await expect(startServer({}, 0, { security: { origins: [origin] } })).rejects.toMatchObject({
        code: 'config-invalid',
      });
  });
});

/** Gives the status of a plain request, with headers that fetch would not send. */
async function plain(url: string, method: string, headers: Record<string, string>): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end(Buffer.alloc(0));
  });
}

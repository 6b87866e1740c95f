/** Requests that two readers could understand differently, as bytes, at a real server. */
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { newToken, tokenFile } from '../support/access.js';
import { RawClient, startServer } from '../support/server.js';

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** Sends bytes, and gives status and body of every answer until the server closes or the last is there. */
function say(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  open.push(socket);
  let text = '';
  return new Promise((resolve) => {
    socket.on('data', (data) => {
      text += data;
      if (text.startsWith('HTTP/1.1 101')) resolve(text);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

const HOST = 'Host: localhost';
const request = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const get = (...headers: string[]) => request('GET /livez HTTP/1.1', 'Connection: close', ...headers);
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const PROTOCOL = 'Sec-WebSocket-Protocol: eddy.v1.json';
const upgradeOf = (target: string, version: string, ...headers: string[]) =>
  request(`GET ${target} HTTP/${version}`, 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', ...headers);
const upgrade = (...headers: string[]) => upgradeOf('/stream', '1.1', 'Upgrade: websocket', ...headers);
const good = [HOST, KEY, PROTOCOL] as const;
const put = (...headers: string[]) =>
  request('PUT /sequences/a HTTP/1.1', 'Connection: close', HOST, ...headers);

/** What is sent, and what of it stands in the body of its 400. */
const REFUSED: readonly [string, string, string][] = [
  ['two Host headers', get(HOST, 'Host: evil.example'), 'host is there more than once'],
  ['the same Host twice', get(HOST, HOST), 'host is there more than once'],
  ['two Host headers in other cases', get(HOST, 'HOST: evil.example'), 'host is there more than once'],
  ['no Host', get(), 'host is missing'],
  ['two Origins', put('Origin: http://a.example', 'Origin: http://b.example'), 'origin is there more'],
  ['two Authorizations', put('Authorization: Bearer a', 'Authorization: Bearer b'), 'authorization is there'],
  ['two content types', put('Content-Type: a/b', 'Content-Type: c/d'), 'content-type is there more'],
  ['another authority in the target', get(HOST).replace('/livez', 'http://evil.example/'), 'ask for a path'],
  ['its own authority in the target', get(HOST).replace('/livez', 'http://localhost/'), 'ask for a path'],
  ['a target without a slash', get(HOST).replace('/livez', '*'), 'ask for a path'],
  ['a fragment', get(HOST).replace('/livez', '/livez#a'), 'cannot be read|must not be there'],
  ['a backslash', get(HOST).replace('/livez', '/..\\livez'), 'must not be there'],
  ['an encoded NUL', get(HOST).replace('/livez', '/sequences/a%00b/export'), 'must not be there'],
  ['an encoded line feed', get(HOST).replace('/livez', '/sequences/a%0Ab/export'), 'must not be there'],
  ['half an escape', get(HOST).replace('/livez', '/sequences/%zz/export'), 'must not be there'],
  ['an escape at the end', get(HOST).replace('/livez', '/livez%2'), 'must not be there'],
  ['two lengths', put('Content-Length: 4', 'Content-Length: 5'), 'cannot be read'],
  ['the same length twice', put('Content-Length: 4', 'Content-Length: 4'), 'cannot be read|more than once'],
  ['a length and chunks', put('Content-Length: 4', 'Transfer-Encoding: chunked'), 'cannot be read'],
  ['chunks and a length', put('Transfer-Encoding: chunked', 'Content-Length: 4'), 'cannot be read'],
  ['chunks that are not the last coding', put('Transfer-Encoding: chunked, gzip'), 'cannot be read'],
  ['a length below 0', put('Content-Length: -1'), 'cannot be read'],
  ['a length that is no number', put('Content-Length: 0x4'), 'cannot be read'],
  ['a folded line', get(HOST, 'X: y\r\n z'), 'cannot be read'],
  ['a space before the colon', get(HOST, 'X : y'), 'cannot be read'],
  ['a header without a colon', get(HOST, 'Xy'), 'cannot be read'],
  ['a NUL in a header', get(HOST, 'X: a\0b'), 'cannot be read'],
  ['bare line feeds', get(HOST).replaceAll('\r\n', '\n'), 'cannot be read'],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\0\x01\0\x01\xfc', 'cannot be read'],
  ['an upgrade with two Hosts', upgrade(...good, 'Host: evil.example'), 'host is there more than once'],
  ['an upgrade without Host', upgrade(KEY, PROTOCOL), 'host is missing'],
  ['an upgrade with two keys', upgrade(...good, KEY), 'sec-websocket-key is there more'],
  ['an upgrade with two subprotocols', upgrade(...good, PROTOCOL), 'sec-websocket-protocol is there more'],
  ['an upgrade with two versions', upgrade(...good, 'Sec-WebSocket-Version: 13'), 'version is there more'],
  ['an upgrade to two protocols', upgrade(...good, 'Upgrade: h2c'), 'upgrade is there more than once'],
  [
    'an upgrade to a list',
    upgradeOf('/stream', '1.1', 'Upgrade: websocket, h2c', ...good),
    'must be websock',
  ],
  ['an upgrade to h2c', upgradeOf('/stream', '1.1', 'Upgrade: h2c', ...good), 'must be websocket'],
  ['an upgrade with two Origins', upgrade(...good, 'Origin: http://localhost', 'Origin: null'), 'origin is'],
  [
    'an upgrade with two tokens',
    upgrade(...good, 'Authorization: Bearer a', 'authorization: Bearer b'),
    'auth',
  ],
  [
    'an upgrade of another authority',
    upgradeOf('http://evil.example/stream', '1.1', 'Upgrade: websocket', ...good),
    'ask for a path',
  ],
  ['an upgrade of HTTP/1.0', upgradeOf('/stream', '1.0', 'Upgrade: websocket', ...good), 'of HTTP/1.1'],
  ['an upgrade with a body', upgrade(...good, 'Content-Length: 5'), 'has no body'],
  ['an upgrade with chunks', upgrade(...good, 'Transfer-Encoding: chunked'), 'has no body'],
  ['an upgrade that is a PUT', upgrade(...good).replace('GET', 'PUT'), 'is a GET'],
  [
    'the same subprotocol twice in one header',
    upgrade(HOST, KEY, `${PROTOCOL}, eddy.v1.json`),
    'Sec-WebSocket-Protocol',
  ],
];

describe('a request that means two things', () => {
  it.each(REFUSED)('[ACC25] gets 400 and why: %s', async (_name, bytes, words) => {
    const { port } = await startServer();
    const answer = await say(port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(new RegExp(words));
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('[ACC25] is not refused for a list that may be in parts, or a path with escapes', async () => {
    const { port } = await startServer();
    const parts = [
      HOST,
      'Connection: close',
      'Accept: a/b',
      'Accept: c/d',
      'X-Forwarded-For: a',
      'X-Forwarded-For: b',
    ];
    expect(await say(port, get(...parts))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await say(port, get(HOST).replace('/livez', '/sequences/a%2Fb/export'))).toMatch(
      /^HTTP\/1\.1 404 /,
    );
    expect(await say(port, upgrade(...good, 'Connection: keep-alive'))).toMatch(/^HTTP\/1\.1 101 /);
  });

  it.each([
    '/..%2flivez',
    '/assets/..%2f..%2fpackage.json',
    '/%2e%2e/package.json',
    '//evil.example/livez',
    '/livez/',
    '/stream%2f..',
  ])('[ACC25] reaches nothing: %s', async (target) => {
    const { port } = await startServer();
    expect(await say(port, get(HOST).replace('/livez', target))).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('[ACC25] counts every header, however many there are', async () => {
    const { port } = await startServer({ headerBytes: 64 * 1024 });
    const many = Array.from({ length: 3000 }, () => 'a: b');
    expect(await say(port, get(HOST, ...many, 'Host: evil.example'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('[ACC25] quotes nothing of what it refuses', async () => {
    const { port } = await startServer();
    for (const bytes of [
      get(HOST, 'X: secret\0'),
      get(HOST, 'Host: secret'),
      put('Authorization: Bearer secret', 'Authorization: secret'),
    ])
      expect(await say(port, bytes)).not.toContain('secret');
  });

  it('[ACC25] a token in hello counts, and the one of the upgrade then does not', async () => {
    const [strong, weak] = [newToken(['admin']), newToken(['subscribe'])];
    const { url } = await startServer({}, 0, { security: { tokens: tokenFile(strong, weak) } });
    const options = { headers: { authorization: `Bearer ${strong.token}` } };
    const client = await RawClient.connect(url, 'json', false, options);
    client.send({ type: 'hello', version: 1, token: weak.token });
    await client.next('welcome');
    expect(await client.request({ type: 'remove', sequence: 'a' })).toMatchObject({
      code: 'permission-denied',
    });
  });
});

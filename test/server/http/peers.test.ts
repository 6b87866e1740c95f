/** Whose a request is, by what proxies write and by who they are. */
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asked, Origins } from '../../../src/server/auth/origins.js';
import { addressOfNode, hopsOfForwarded, plainAddress } from '../../../src/server/http/forwarded.js';
import { networkOf, Peers } from '../../../src/server/http/peers.js';

const PROXY = '10.0.0.1';
const request = (remoteAddress: string | undefined, headers: Record<string, string>) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;
const asked = (
  headers: Record<string, string>,
  from: string | undefined = PROXY,
  trusted = ['10.0.0.0/8', '::1'],
) => new Peers(trusted).peerOf(request(from, headers));
const user = (headers: Record<string, string>, from?: string) => {
  const { address, fault } = asked(headers, from);
  return fault ?? address;
};
const list = (text: string) => user({ 'x-forwarded-for': text });
const forwarded = (text: string) => user({ forwarded: text });

const CONTRADICT = 'forwarded and x-forwarded-for contradict each other';

describe('the address of a request', () => {
  it('[ACC26] is its connection’s, whatever it says, unless that is a proxy’s', () => {
    const headers = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4', 'x-forwarded-proto': 'x' };
    expect(asked(headers, '192.0.2.9')).toEqual({
      address: '192.0.2.9',
      scheme: null,
      host: null,
      fault: null,
    });
    expect(asked(headers, PROXY, []).address).toBe(PROXY);
    expect(new Peers([PROXY]).peerOf(request(undefined, headers)).address).toBe('');
    expect(user({})).toBe(PROXY);
    expect(user({ 'x-forwarded-for': '' })).toBe(PROXY);
  });

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['9.9.9.9, 1.2.3.4', '1.2.3.4'],
    ['junk, 1.2.3.4', '1.2.3.4'],
    ['9.9.9.9, 1.2.3.4, 10.1.1.1,10.2.2.2', '1.2.3.4'],
    ['10.3.3.3, 10.1.1.1', '10.3.3.3'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['fe80::1%eth0', 'fe80::1'],
    ['1.2.3.4, unknown', PROXY],
    ['1.2.3.4, _hidden, 10.1.1.1', '10.1.1.1'],
    [' , 1.2.3.4 ,', '1.2.3.4'],
    ['1.2.3.4, junk', 'the header x-forwarded-for names no address'],
    ['1.2.3.999', 'the header x-forwarded-for names no address'],
    ['1.2.3.4:port', 'the header x-forwarded-for names no address'],
    ['[::1', 'the header x-forwarded-for names no address'],
    ['"1.2.3.4"', 'the header x-forwarded-for names no address'],
  ])('[ACC26] of X-Forwarded-For "%s" is %s', (text, expected) => {
    expect(list(text)).toBe(expected);
  });

  it.each([
    ['for=1.2.3.4', '1.2.3.4'],
    ['FOR="1.2.3.4:80";Proto=https', '1.2.3.4'],
    ['for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for=[2001:db8::17]', '2001:db8::17'],
    ['for=9.9.9.9, for=1.2.3.4;by=10.0.0.1 , for=10.1.1.1', '1.2.3.4'],
    ['for="_a\\,b", for=1.2.3.4', '1.2.3.4'],
    ['for="a, for=9.9.9.9", for=1.2.3.4', '1.2.3.4'],
    ['for=unknown', PROXY],
    ['for=_gazonk:_port', PROXY],
    ['proto=https', PROXY],
    ['', PROXY],
    [',;,', PROXY],
    ['for=1.2.3.4;for=5.6.7.8', 'the header forwarded cannot be read'],
    ['for="1.2.3.4', 'the header forwarded cannot be read'],
    ['for=9.9.9.9", for=1.2.3.4', 'the header forwarded cannot be read'],
    ['for', 'the header forwarded cannot be read'],
    ['for=1.2.3.4 by=x', 'the header forwarded cannot be read'],
    ['for=elsewhere', 'the header forwarded names no address'],
  ])('[ACC26] of Forwarded %s is %s', (text, expected) => {
    expect(forwarded(text)).toBe(expected);
  });

  it('[ACC26] is refused where the two headers contradict each other: one of them is as the user sent it', () => {
    expect(user({ 'x-forwarded-for': '1.2.3.4', forwarded: 'for=9.9.9.9' })).toBe(CONTRADICT);
    expect(user({ 'x-forwarded-for': '1.2.3.4', forwarded: 'for="1.2.3.4:80"' })).toBe('1.2.3.4');
    const both = {
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'http',
      forwarded: 'for=1.2.3.4;proto=https',
    };
    expect(user(both)).toBe(CONTRADICT);
  });

  it('[ACC26] comes with the scheme and host that the browser asked for', () => {
    const x = {
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'HTTPS',
      'x-forwarded-host': 'Dash.example',
    };
    expect(asked(x)).toMatchObject({ scheme: 'https', host: 'dash.example' });
    expect(asked({ 'x-forwarded-proto': 'http, wss' })).toMatchObject({ address: PROXY, scheme: 'https' });
    expect(
      asked({ forwarded: 'for=1.2.3.4;host="dash.example:8443";proto=http, for=10.0.0.2;proto=https' }),
    ).toMatchObject({
      address: '1.2.3.4',
      scheme: 'http',
      host: 'dash.example:8443',
    });
    expect(user({ 'x-forwarded-proto': 'gopher' })).toBe('what is forwarded names no scheme: http or https');
  });

  it('[ACC26] is found in any text without a fault of Eddy’s own', () => {
    const texts = fc.oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom(
            'for=',
            '"',
            '\\',
            ',',
            ';',
            ' ',
            '[',
            ']',
            '::1',
            '1.2.3.4',
            ':80',
            '_a',
            'unknown',
            '=',
          ),
          { maxLength: 40 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const { address, fault } = asked({ 'x-forwarded-for': a, forwarded: b });
        expect(fault !== null || addressOfNode(address) === address).toBe(true);
      }),
      { seed: 15, numRuns: 3000 },
    );
  });

  it('[ACC26] is found in 8 KiB of anything in a moment', () => {
    const began = performance.now();
    for (const text of [' ', '\t', '\\', '"', 'a', ',', ';', 'for=', '"\\'])
      hopsOfForwarded(text.repeat(Math.ceil(64_000 / text.length)));
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('the page of a proxy', () => {
  const origins = new Origins({
    host: '127.0.0.1',
    port: 4000,
    isSecure: false,
    allowed: [],
    needsToken: false,
  });
  const status = (origin: string, proxied: Asked, host = 'localhost') => {
    const socket = { localAddress: '127.0.0.1', localPort: 4000 };
    const from = { method: 'GET', headers: { host, origin }, socket } as unknown as IncomingMessage;
    return origins.refusal(from, true, proxied)?.status ?? 101;
  };

  it('[ACC26] is let in under the name that the browser asked for, if it is one of this server', () => {
    const asked: Asked = { scheme: 'https', host: 'localhost:8443' };
    expect(status('https://localhost:8443', asked)).toBe(101);
    expect(status('http://localhost:8443', asked)).toBe(403);
    expect(status('https://localhost', asked)).toBe(403);
    expect(status('https://localhost:8443', { scheme: 'https', host: null }, 'localhost:8443')).toBe(101);
    expect(status('https://localhost:8443', { scheme: null, host: 'localhost:8443' })).toBe(403);
    expect(status('null', asked)).toBe(403);
    for (const host of ['evil.example', 'localhost/', 'a b', ''])
      expect(status(`https://${host}`, { scheme: 'https', host }), host).toBe(421);
    expect(status('https://localhost', { scheme: 'https', host: 'localhost' }, 'evil.example')).toBe(421);
  });
});

describe('a proxy that is trusted', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['fd00::/8', 'fdab::1', true],
    ['fd00::/8', 'fe80::1%eth0', false],
    ['2001:db8::1', '2001:DB8:0:0::1', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
  ])('[ACC26] by %s: is %s one? %s', (text, address, expected) => {
    expect(new Peers([text]).isTrusted(address)).toBe(expected);
  });

  it.each([
    '',
    'nginx',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/-1',
    '10.0.0',
    '10.0.0.1/8/8',
    '::ffff:10.0.0.0/8',
    '10.0.0.1 ',
  ])('[ACC26] is an address or a network, and not "%s"', (text) => {
    expect(networkOf(text)).toBe(null);
    expect(() => new Peers([text])).toThrow(/is not an address or a network/);
  });

  it('[ACC26] is compared in one form of an address', () => {
    expect(['::FFFF:1.2.3.4', '0:0:0:0:0:0:0:1', 'FE80::1%2', '1.2.3.4', 'x'].map(plainAddress)).toEqual([
      '1.2.3.4',
      '::1',
      'fe80::1',
      '1.2.3.4',
      'x',
    ]);
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { Credentials, type SecurityOptions } from '../../../src/server/auth/credentials.js';
import type { JwtAlgorithm } from '../../../src/server/auth/jwt-algorithms.js';
import {
  AUDIENCE,
  fixture,
  goodClaims,
  jwtSigner,
  newToken,
  privateFile,
  tokenFile,
} from '../../support/access.js';

const { compared } = vi.hoisted(() => ({ compared: [] as number[] }));
vi.mock('node:crypto', async (load) => {
  const crypto = await load<typeof import('node:crypto')>();
  return {
    ...crypto,
    timingSafeEqual: (a: Uint8Array, b: Uint8Array) => {
      compared.push(a.byteLength);
      return crypto.timingSafeEqual(a, b);
    },
  };
});

const NOW = Date.parse('2030-01-01T00:00:00Z');

function load(options: SecurityOptions, now: () => number = () => NOW) {
  const warnings: string[] = [];
  const credentials = new Credentials(options, { now, warn: (text) => warnings.push(text) });
  return { credentials, warnings };
}

/** Gives code and message of what loading throws. */
function failure(options: SecurityOptions): { code: string; message: string } {
  try {
    load(options);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
}

const refusal = (credentials: Credentials, token: string) =>
  credentials.authenticate(token).then(
    () => 'let in',
    ({ code, message }) => `${code}: ${message}`,
  );

describe('a list of tokens', () => {
  it('[ACC3] lets in the holder of a token, with its name, roles and patterns', async () => {
    const one = newToken(['produce'], ['room-*', 'hall'], { expires: '2030-01-01T00:00:01Z' });
    const two = newToken(['admin']);
    const { credentials } = load({ tokens: tokenFile(one, two) });
    expect((await credentials.authenticate(one.token)).terms).toEqual({
      name: one.entry.name,
      roles: ['produce'],
      sequences: ['room-*', 'hall'],
      expires: '2030-01-01T00:00:01.000Z',
    });
    expect((await credentials.authenticate(two.token)).terms).toMatchObject({
      roles: ['produce', 'subscribe', 'admin'],
      expires: null,
    });
  });

  it('[ACC3] refuses what is unknown, expired or too long', async () => {
    const old = newToken(['produce'], ['*'], { expires: '2029-12-31T23:59:59.999+00:00' });
    const { credentials } = load({ tokens: tokenFile(old) });
    expect(await refusal(credentials, newToken(['produce']).token)).toBe(
      'unauthorized: the token is unknown',
    );
    expect(await refusal(credentials, '')).toBe('unauthorized: the token is unknown');
    expect(await refusal(credentials, old.token)).toBe('unauthorized: the token has expired');
    expect(await refusal(credentials, old.token + 'a'.repeat(5000))).toMatch('more than 4096 characters');
  });

  it('[ACC5] compares with every entry to the end, in constant time', async () => {
    const tokens = Array.from({ length: 5 }, () => newToken(['produce']));
    const { credentials } = load({ tokens: tokenFile(...tokens) });
    for (const token of [tokens[0]!.token, tokens[4]!.token, 'eddy_wrong']) {
      compared.length = 0;
      await refusal(credentials, token);
      expect(compared).toEqual([32, 32, 32, 32, 32]);
    }
  });

  it('[ACC3] is refused where it is not as it must be, by entry and field, with nothing of what is in it', () => {
    const { entry } = newToken(['produce']);
    const cases: [unknown, string][] = [
      [{}, 'expected array'],
      [[{ ...entry, hash: 'secret' }], '0.hash'],
      [[entry, { ...entry, name: 'other' }], 'repeats the hash of entry 1'],
      [[entry, { ...entry, hash: 'a'.repeat(64) }], 'repeats the name of entry 1'],
      [[{ ...entry, roles: [] }], '0.roles'],
      [[{ ...entry, roles: ['root'] }], '0.roles.0'],
      [[{ ...entry, sequences: ['a b'] }], '0.sequences.0'],
      [[{ ...entry, expires: 'tomorrow' }], '0.expires'],
      [[{ ...entry, token: 'secret' }], '0'],
      [[{ ...entry, name: 'a\nb' }], '0.name'],
    ];
    for (const [list, words] of cases) {
      const { code, message } = failure({ tokens: privateFile('tokens.json', JSON.stringify(list)) });
      expect([code, message]).toEqual(['credentials-invalid', expect.stringContaining(words)]);
      expect(message).not.toContain('secret');
    }
    const { message } = failure({ tokens: privateFile('tokens.json', 'eddy_secret') });
    expect(message).toMatch(/tokens\.json is not JSON$/);
  });
});

describe('a file that decides who gets in', () => {
  it('[ACC4] is refused where others can write it, and warned of where they can read it', () => {
    const producer = newToken(['produce']);
    const tokens = tokenFile(producer);
    expect(load({ tokens }).warnings).toEqual([]);
    for (const mode of [0o620, 0o602, 0o666]) {
      chmodSync(tokens, mode);
      expect(failure({ tokens })).toMatchObject({
        code: 'credentials-invalid',
        message: expect.stringMatching('written'),
      });
    }
    for (const mode of [0o640, 0o604]) {
      chmodSync(tokens, mode);
      expect(load({ tokens }).warnings).toEqual([expect.stringContaining('can be read by other users')]);
    }
  });

  it('[ACC4] is refused where it is missing, no file, or too large', () => {
    expect(failure({ tokens: '/nowhere/tokens.json' }).message).toMatch('ENOENT');
    expect(failure({ tokens: '/' }).message).toMatch('is not a file');
    expect(failure({ tokens: privateFile('tokens.json', ' '.repeat(1024 * 1024 + 1)) }).message).toMatch(
      'bytes',
    );
  });

  it('[ACC4] may be read by all where it holds a public key only', async () => {
    const { pem } = await jwtSigner();
    const shared = { jwtAudience: AUDIENCE };
    expect(load({ ...shared, jwtKey: privateFile('k', pem, 0o644) }).warnings).toEqual([]);
    expect(load({ ...shared, jwtKey: privateFile('k', 's'.repeat(32), 0o644) }).warnings).toHaveLength(1);
  });
});

describe('the key of JSON Web Tokens', () => {
  const pemOf = (type: 'rsa' | 'ec' | 'ed25519', options = {}) => {
    const { publicKey } = generateKeyPairSync(type as 'rsa', options as { modulusLength: number });
    return publicKey.export({ type: 'spki', format: 'pem' }) as string;
  };
  const with_ = (text: string, jwtAlgorithms?: JwtAlgorithm[]) => ({
    jwtKey: privateFile('key', text),
    jwtAudience: AUDIENCE,
    jwtAlgorithms,
  });

  it('[ACC7] lets nothing be signed with what does not fit its kind', async () => {
    const { pem, jwk } = await jwtSigner();
    const set = JSON.stringify({ keys: [jwk] });
    const cases: [string, JwtAlgorithm][] = [
      [pem, 'HS256'],
      [pem, 'RS256'],
      [pem, 'ES384'],
      [pemOf('rsa', { modulusLength: 2048 }), 'HS256'],
      [pemOf('ed25519'), 'ES256'],
      [set, 'HS256'],
      ['s'.repeat(64), 'RS256'],
      ['s'.repeat(32), 'HS512'],
    ];
    for (const [text, algorithm] of cases)
      expect(failure(with_(text, [algorithm]))).toMatchObject({
        code: 'credentials-invalid',
        message: expect.stringContaining(`is not a key for ${algorithm}`),
      });
    load(with_(pem, ['ES256']));
    load(with_(set, ['RS256', 'ES256']));
    load(with_('s'.repeat(64), ['HS256', 'HS384', 'HS512']));
  });

  it('[ACC7] is refused where it is weak, private, or none, with nothing of it in the error', () => {
    const secret = 'too-short-a-secret';
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cases: [string, string][] = [
      [secret, 'fewer than 32 bytes'],
      [pemOf('rsa', { modulusLength: 1024 }), '2,048 bits'],
      [pemOf('ec', { namedCurve: 'secp256k1' }), 'P-256'],
      [privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 'private key'],
      ['-----BEGIN PUBLIC KEY-----\nxxxx\n-----END PUBLIC KEY-----', 'no readable public key'],
      ['{"keys":[]}', 'not a JSON Web Key Set'],
      [`{"keys":[{"kty":"oct","k":"${secret}"}]}`, 'public keys only'],
      [JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }), 'public keys only'],
      [`{${secret}`, 'is not JSON'],
    ];
    for (const [text, words] of cases) {
      const { code, message } = failure(with_(text));
      expect([code, message]).toEqual(['credentials-invalid', expect.stringContaining(words)]);
      expect(message).not.toContain(secret);
    }
  });

  it('[ACC7] comes with its settings, and they with it', () => {
    const jwtKey = privateFile('key', 's'.repeat(32));
    for (const options of [{ jwtKey }, { jwtAudience: 'a' }, { jwtKey, jwtAudience: 'a', jwtAlgorithms: [] }])
      expect(failure(options).code).toBe('setting-invalid');
  });

  it('[ACC6] may be a shared secret, RSA, Ed25519 or a certificate', async () => {
    const now = () => Date.now();
    const key = new TextEncoder().encode('s'.repeat(32));
    const token = await new SignJWT(goodClaims()).setProtectedHeader({ alg: 'HS256' }).sign(key);
    const { credentials } = load(with_(`${'s'.repeat(32)}\n`), now);
    expect((await credentials.authenticate(token)).name).toBe('pump');
    for (const alg of ['RS256', 'EdDSA'] as const) {
      const { pem, sign } = await jwtSigner(alg);
      expect((await load(with_(pem), now).credentials.authenticate(await sign())).name).toBe('pump');
    }
    const { credentials: certified } = load({ jwtKey: fixture('one.crt'), jwtAudience: AUDIENCE });
    expect(await refusal(certified, token)).toBe('unauthorized: the token is not valid');
  });

  it('[ACC6] allows 5 s between two clocks, at either end, and lets the access end with them', async () => {
    const { pem, sign } = await jwtSigner();
    let now = NOW;
    const { credentials } = load(with_(pem), () => now);
    const token = await sign({ nbf: NOW / 1000, exp: NOW / 1000 + 60 });
    const outcomes: string[] = [];
    for (const at of [-6, -5, 64, 65]) {
      now = NOW + 1000 * at;
      outcomes.push(await refusal(credentials, token));
    }
    expect(outcomes).toEqual([
      "unauthorized: the token's claim nbf is missing or invalid",
      'let in',
      'let in',
      'unauthorized: the token has expired',
    ]);
    now = NOW;
    expect((await credentials.authenticate(token)).expires).toBe(NOW + 65_000);
  });
});

describe('what is read again', () => {
  it('[ACC15] is in force from then on, also for a token that was being checked', async () => {
    const signer = await jwtSigner();
    const other = await jwtSigner();
    const jwtKey = privateFile('key.pem', signer.pem);
    const { credentials } = load({ jwtKey, jwtAudience: AUDIENCE }, () => Date.now());
    const token = await signer.sign();
    expect(await refusal(credentials, token)).toBe('let in');
    const pending = refusal(credentials, token);
    writeFileSync(jwtKey, other.pem);
    credentials.reload();
    expect(await pending).toBe('unauthorized: the token is not valid');
    expect(await refusal(credentials, await other.sign())).toBe('let in');
  });

  it('[ACC15] leaves everything as it was where one file is broken', async () => {
    const one = newToken(['produce']);
    const two = newToken(['produce']);
    const tokens = tokenFile(one);
    const tlsCert = fixture('one.crt');
    const { credentials } = load({ tokens, tlsCert, tlsKey: fixture('one.key') });
    const before = credentials.tls;
    writeFileSync(tokens, JSON.stringify([two.entry]));
    writeFileSync(tlsCert, 'broken');
    expect(() => credentials.reload()).toThrow(/one\.crt/);
    expect(await refusal(credentials, one.token)).toBe('let in');
    expect(credentials.tls).toBe(before);
    writeFileSync(tlsCert, before!.cert);
    credentials.reload();
    expect(await refusal(credentials, one.token)).toBe('unauthorized: the token is unknown');
    expect(await refusal(credentials, two.token)).toBe('let in');
  });
});

describe('TLS from files', () => {
  it('[ACC14] is refused where a file is missing, broken, or not of the other', () => {
    const [tlsCert, tlsKey] = [fixture('one.crt'), fixture('one.key')];
    expect(load({ tlsCert, tlsKey }).credentials.tls).toMatchObject({ minVersion: 'TLSv1.2' });
    const cases: [SecurityOptions, string][] = [
      [{ tlsCert, tlsKey: '/nowhere/key' }, 'ENOENT'],
      [{ tlsCert, tlsKey: fixture('two.key') }, 'not a certificate and its key'],
      [{ tlsCert: privateFile('x', 'broken'), tlsKey }, 'not a certificate and its key'],
    ];
    for (const [options, words] of cases)
      expect(failure(options)).toMatchObject({
        code: 'credentials-invalid',
        message: expect.stringContaining(words),
      });
    expect(failure({ tlsCert }).code).toBe('setting-invalid');
    expect(failure({ tlsKey }).code).toBe('setting-invalid');
  });

  it('[ACC14] is warned of where the certificate has run out, or others can read the key', () => {
    const [tlsCert, tlsKey] = [fixture('one.crt'), fixture('one.key')];
    expect(load({ tlsCert, tlsKey }, () => Date.parse('2200-01-01')).warnings).toEqual([
      expect.stringContaining('expired'),
    ]);
    chmodSync(tlsKey, 0o644);
    expect(load({ tlsCert, tlsKey }).warnings).toEqual([expect.stringContaining('read by other users')]);
  });
});

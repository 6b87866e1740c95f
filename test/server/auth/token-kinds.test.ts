/** A list of tokens beside a key of JSON Web Tokens, and the times that a JSON Web Token may have. */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { Credentials, JWT_HORIZON_MS } from '../../../src/server/auth/credentials.js';
import { isJwt } from '../../../src/server/auth/jwt-form.js';
import { AUDIENCE, goodClaims, privateFile } from '../../support/access.js';

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
const NOW_S = NOW / 1000;
const SECRET = 'k'.repeat(40);

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** Signs a body, JSON or a text that need not be. */
const signed = (body: unknown, secret = SECRET, head: unknown = { alg: 'HS256' }) => {
  const text = `${part(head)}.${part(body)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

/** A server's credentials, with the listed tokens and the key. */
function credentialsOf(listed: readonly string[], more = {}) {
  const entries = listed.map((token, i) => ({
    name: `listed ${i}`,
    hash: createHash('sha256').update(token).digest('hex'),
    roles: ['produce'],
    sequences: ['*'],
  }));
  const credentials = new Credentials(
    {
      ...(listed.length > 0 && { tokens: privateFile('tokens.json', JSON.stringify(entries)) }),
      jwtKey: privateFile('key', SECRET),
      jwtAudience: AUDIENCE,
      ...more,
    },
    { now: () => NOW, warn: () => undefined },
  );
  return (token: string) =>
    credentials.authenticate(token).then(
      ({ name }) => name,
      ({ code, message }) => `${code}: ${message}`,
    );
}

/** A body whose `exp` is good, with some claims changed. */
const claims = (changed: Record<string, unknown> = {}) => goodClaims({ exp: NOW_S + 600, ...changed });

describe('listed tokens beside a key of JSON Web Tokens', () => {
  const LISTED = ['secret-a', 'eddy_abc', 'a.b.c', 'x.y', 'with.three.dots.and', 'eyJ.eyJ', 'ä'];

  it('[ACC23] go on working, whatever they look like, and so does what is signed', async () => {
    const who = credentialsOf(LISTED);
    for (const [i, token] of LISTED.entries()) expect(await who(token), token).toBe(`listed ${i}`);
    expect(await who(signed(claims()))).toBe('pump');
  });

  it('[ACC23] compares with every entry, to the end, also where nothing is found', async () => {
    const who = credentialsOf(LISTED);
    for (const token of ['secret-a', 'secret-b']) {
      compared.length = 0;
      await who(token);
      expect(compared, token).toEqual(LISTED.map(() => 32));
    }
  });

  it('[ACC23] does not let a JSON Web Token in that is not signed, though it stands beside a list', async () => {
    const who = credentialsOf(LISTED);
    for (const token of [
      signed(claims(), 'o'.repeat(40)),
      `${part({ alg: 'none' })}.${part(claims())}.`,
      signed(claims(), '', { alg: 'HS256', kid: '../../../dev/null' }),
    ])
      expect(await who(token)).toBe('unauthorized: the token is not valid');
    expect(await who('secret-b')).toBe('unauthorized: the token is not valid');
    expect(await who('eddy_b')).toBe('unauthorized: the token is unknown');
  });

  it('[ACC23] without a list every credential goes to the key', async () => {
    expect(await credentialsOf([])('secret-a')).toBe('unauthorized: the token is not valid');
  });

  it.each([
    [signed({}), true],
    [`${part({ alg: 'none' })}.${part({})}.`, true],
    ['a.b.c', false],
    [`${part([])}.e.e`, false],
    [`${part('null')}.e.e`, false],
    [`${part({ typ: 'x' })}.e.e`, false],
    [`${signed({})}.e.e`, false],
    [`${signed({})}\n`, false],
    ['', false],
  ])('[ACC23] tells by its form whether %s is a JSON Web Token', (token, expected) => {
    expect(isJwt(token)).toBe(expected);
  });
});

describe('the times of a JSON Web Token', () => {
  const horizon = JWT_HORIZON_MS / 1000;

  it.each<[string, Record<string, unknown>, string]>([
    ['at the horizon', { exp: NOW_S + horizon + 5 }, 'pump'],
    ['beyond it', { exp: NOW_S + horizon + 6 }, 'exp is more than 366 d ahead'],
    ['in the year 1e300', { exp: 1e300 }, 'exp is more than 366 d ahead'],
    ['of 2^53', { exp: 2 ** 53 }, 'exp is more than 366 d ahead'],
    ['in milliseconds by mistake', { exp: NOW + 600_000 }, 'exp is more than 366 d ahead'],
    ['below 0', { exp: -1 }, 'the token has expired'],
    ['of -0', { exp: -0 }, 'the token has expired'],
    ['with a fraction', { exp: NOW_S + 0.5 }, 'pump'],
    ['as text', { exp: String(NOW_S + 600) }, 'exp is missing or invalid'],
    ['null', { exp: null }, 'exp is missing or invalid'],
    ['left out', { exp: undefined }, 'exp is missing or invalid'],
    ['issued now', { iat: NOW_S }, 'pump'],
    ['issued 5 s ahead', { iat: NOW_S + 5 }, 'pump'],
    ['issued later', { iat: NOW_S + 6 }, 'iat is in the future'],
    ['issued in 1e300', { iat: 1e300 }, 'iat is in the future'],
    ['issued at a text', { iat: 'x' }, 'iat is missing or invalid'],
    ['valid from now', { nbf: NOW_S + 5 }, 'pump'],
    ['valid from later', { nbf: NOW_S + 6 }, 'nbf is missing or invalid'],
    ['valid from 1e300', { nbf: 1e300 }, 'nbf is missing or invalid'],
    ['valid from a text', { nbf: 'x' }, 'nbf is missing or invalid'],
  ])('[ACC24] are judged: %s', async (_name, changed, outcome) => {
    expect(await credentialsOf([])(signed(claims(changed)))).toContain(outcome);
  });

  it.each(['exp', 'nbf', 'iat'])('[ACC24] are finite: %s of 1e400 and -1e400', async (name) => {
    for (const number of ['1e400', '-1e400']) {
      const body = JSON.stringify(claims({ [name]: 0.123 })).replace('0.123', number);
      expect(await credentialsOf([])(signed(body))).toMatch(/^unauthorized: the token/);
    }
  });

  it('[ACC24] have the horizon that is asked for', async () => {
    const who = credentialsOf([], { jwtHorizonMs: 3_600_000 });
    expect(await who(signed(claims({ exp: NOW_S + 3605 })))).toBe('pump');
    expect(await who(signed(claims({ exp: NOW_S + 3606 })))).toBe(
      "unauthorized: the token's claim exp is more than 1 h ahead",
    );
  });
});

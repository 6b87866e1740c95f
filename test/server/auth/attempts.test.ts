import { describe, expect, it } from 'vitest';
import { Attempts, bucketOf } from '../../../src/server/auth/attempts.js';
import { Authenticator } from '../../../src/server/auth/authenticator.js';
import { Credentials } from '../../../src/server/auth/credentials.js';
import { AUDIENCE, jwtSigner, newToken, privateFile, tokenFile } from '../../support/access.js';

function counted(perMinute: number, addresses?: number) {
  const clock = { now: 1e12 };
  const attempts = new Attempts({ now: () => clock.now, perMinute, ...(addresses && { addresses }) });
  const refuse = (address: string, times: number) => {
    for (let i = 0; i < times; i++) attempts.refused(address);
  };
  return { clock, attempts, refuse };
}

describe('refused tokens', () => {
  it('[ACC11] are as many as are allowed in a minute, and then one for each share of it', () => {
    const { clock, attempts, refuse } = counted(20);
    refuse('10.0.0.1', 19);
    expect(attempts.wait('10.0.0.1')).toBe(0);
    refuse('10.0.0.1', 1);
    expect(attempts.wait('10.0.0.1')).toBe(3000);
    expect(attempts.wait('10.0.0.2')).toBe(0);
    clock.now += 2999;
    expect(attempts.wait('10.0.0.1')).toBe(1);
    clock.now += 1;
    expect(attempts.wait('10.0.0.1')).toBe(0);
    refuse('10.0.0.1', 1);
    expect(attempts.wait('10.0.0.1')).toBe(3000);
    clock.now += 60_000;
    refuse('10.0.0.1', 19);
    expect(attempts.wait('10.0.0.1')).toBe(0);
  });

  it('[ACC11] are remembered of so many addresses, of the latest ones', () => {
    const { attempts, refuse } = counted(1, 3);
    for (const address of ['a', 'b', 'c']) refuse(address, 1);
    refuse('a', 1);
    refuse('d', 1);
    expect(['a', 'b', 'c', 'd'].map((address) => attempts.wait(address) > 0)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('[ACC11] of %s count for %s', (address, bucket) => {
    expect(bucketOf(address)).toBe(bucket);
  });

  it('[ACC11] of one address do not lock out a token of the file, but every signature', async () => {
    const producer = newToken(['produce']);
    const signer = await jwtSigner();
    const warn = () => undefined;
    const credentials = new Credentials(
      { tokens: tokenFile(producer), jwtKey: privateFile('key.pem', signer.pem), jwtAudience: AUDIENCE },
      { now: Date.now, warn },
    );
    const { attempts } = counted(2);
    const refused: string[] = [];
    const gate = new Authenticator({
      credentials,
      attempts,
      authorize: null,
      onRefused: (address) => refused.push(address),
    });
    const outcome = (token: string | undefined, address: string) =>
      gate.admit(token, address).then(
        ({ name }) => name,
        ({ code }) => code,
      );
    const good = await signer.sign();
    expect(await outcome(good, 'x')).toBe('pump');
    expect(await outcome(undefined, 'x')).toBe('unauthorized');
    for (const expected of ['unauthorized', 'unauthorized', 'attempts-limit', 'attempts-limit'])
      expect(await outcome(newToken(['produce']).token, 'x')).toBe(expected);
    expect(refused).toEqual(['x', 'x']);
    expect(await outcome(good, 'x')).toBe('attempts-limit');
    expect(await outcome(producer.token, 'x')).toBe(producer.entry.name);
    expect(await outcome(good, 'y')).toBe('pump');
  });
});

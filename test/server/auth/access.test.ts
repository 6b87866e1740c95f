import { describe, expect, it } from 'vitest';
import type { ClientMessage } from '../../../src/protocol/messages.js';
import { Access, type AccessParts } from '../../../src/server/auth/access.js';
import { codeOf } from '../../support/sequences.js';

const accessOf = (parts: Partial<AccessParts>): Access => {
  const access: Access = new Access({
    name: 'test',
    roles: ['produce'],
    sequences: ['room-*'],
    expires: Number.POSITIVE_INFINITY,
    renew: async () => access,
    ...parts,
  });
  return access;
};
const open = (sequence: string): ClientMessage => ({ type: 'open', id: 1, sequence, mode: 'either' });
const steps: ClientMessage = { type: 'steps', channel: 1, seq: 0, x: new Float64Array(1) };

describe('access', () => {
  it('[ACC1] names the role that is needed, and the sequence, cut where it is long', () => {
    const access = accessOf({ roles: ['subscribe'] });
    expect(() => access.check(open('room-1'), Date.now)).toThrow(/open needs the role produce on "room-1"/);
    expect(() => access.check(steps, Date.now)).toThrow(/steps needs the role produce/);
    const message = codeAndLength(() => access.check(open('x'.repeat(60_000)), Date.now));
    expect(message).toEqual(['permission-denied', true]);
  });

  it('[ACC10] ends at its time, to the millisecond, for every message', () => {
    let now = 999;
    const access = accessOf({ expires: 1000, roles: ['admin'] });
    access.check(steps, () => now);
    now = 1000;
    expect(codeOf(() => access.check(steps, () => now))).toBe('token-expired');
    expect(codeOf(() => access.check(open('room-1'), () => now))).toBe('token-expired');
  });

  it('[ACC15] equals another one that gives the same, and no other', () => {
    const access = accessOf({});
    expect(access.equals(accessOf({}))).toBe(true);
    expect(
      accessOf({ roles: ['admin'] }).equals(accessOf({ roles: ['produce', 'subscribe', 'admin'] })),
    ).toBe(true);
    for (const other of [
      { roles: ['subscribe'] as const },
      { sequences: ['*'] },
      { expires: 5 },
      { name: 'x' },
    ])
      expect(access.equals(accessOf(other))).toBe(false);
  });
});

function codeAndLength(act: () => void): [string, boolean] {
  try {
    act();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return [code, message.length < 300];
  }
  return ['none', false];
}

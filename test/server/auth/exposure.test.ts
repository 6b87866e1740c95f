import { describe, expect, it } from 'vitest';
import { checkExposure } from '../../../src/server/auth/exposure.js';
import { codeOf } from '../../support/sequences.js';

const ELSEWHERE = ['0.0.0.0', '::', '192.168.1.5', '128.0.0.1', 'raspberrypi.local', '127.evil.example', ''];

describe('an address to listen on', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('[ACC16] that is loopback is fine: %s', (host) => {
    expect(checkExposure(host, false, {})).toBe(null);
  });

  it.each(ELSEWHERE)('[ACC16] that others can reach needs tokens, or insistence: "%s"', (host) => {
    expect(codeOf(() => checkExposure(host, false, {}))).toBe('address-refused');
    expect(codeOf(() => checkExposure(host, false, { tlsCert: 'c', tlsKey: 'k' }))).toBe('address-refused');
    expect(checkExposure(host, true, {})).toMatch('everyone');
    expect(checkExposure(host, false, { tokens: 't' })).toMatch('unencrypted');
    expect(checkExposure(host, false, { jwtKey: 'j', tlsCert: 'c' })).toBe(null);
  });
});

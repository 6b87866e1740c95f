import { describe, expect, it } from 'vitest';
import { AddressGuard } from '../../../src/server/webhooks/address-guard.js';

const guard = (allow: string[] = [], allowPrivate = false) => new AddressGuard({ allow, allowPrivate });

describe('addresses of webhooks', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    '2001:0:7f00:1::1',
    '2001:db8::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fd00:ec2::254',
    'ff02::1',
    'localhost',
    '',
  ])('[HOK7] %s is not of the public internet', (address) => {
    expect(guard().isAllowed(address)).toBe(false);
  });

  it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '[HOK7] %s may be called',
    (address) => {
      expect(guard().isAllowed(address)).toBe(true);
    },
  );

  it('[HOK7] networks that are named may be called, in either form, and no others', () => {
    const named = guard(['10.0.0.0/8', 'fd00::/16', '127.0.0.1']);
    expect(
      ['10.9.9.9', '::ffff:10.9.9.9', 'fd00::1', '127.0.0.1'].map((one) => named.isAllowed(one)),
    ).toEqual([true, true, true, true]);
    expect(['127.0.0.2', '192.168.0.1', '::1', 'fd01::1'].map((one) => named.isAllowed(one))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(guard([], true).isAllowed('127.0.0.1')).toBe(true);
  });

  it.each([
    'http://127.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
  ])('[HOK7] a URL is judged by the address that it means: %s', (url) => {
    expect(() => guard().checkHost(new URL(url).hostname)).toThrow(
      expect.objectContaining({ code: 'webhook-refused' }),
    );
  });
});

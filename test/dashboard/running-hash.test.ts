import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, RunningHash } from '../../client/dashboard/analysis/running-hash.js';

const hashOf = (bytes: Uint8Array) => {
  const hash = new RunningHash();
  hash.update(bytes);
  return hash.digest();
};

/** FNV-1a as its authors wrote it. */
const plain = (bytes: Uint8Array) => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
};

describe('the running hash', () => {
  it('is FNV-1a of 64 bits', () => {
    const text = (value: string) => hashOf(new TextEncoder().encode(value));
    expect(text('')).toBe('cbf29ce484222325');
    expect(text('a')).toBe('af63dc4c8601ec8c');
    expect(text('foobar')).toBe('85944171f73967e8');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => hashOf(bytes) === plain(bytes)));
  });

  it('is the same however the bytes are cut', () => {
    const hash = new RunningHash();
    const h = Float32Array.from({ length: 20 }, (_, i) => Math.fround(Math.sin(i)));
    for (let i = 0; i < 20; i += 4) hash.update(bytesOf(h.subarray(i, i + 4)));
    expect(hash.digest()).toBe(hashOf(bytesOf(h)));
  });

  it('tells one bit', () => {
    const h = Float32Array.of(0.25, -0.5);
    const other = Float32Array.of(0.25, -0.5 - 2 ** -24);
    expect(hashOf(bytesOf(other))).not.toBe(hashOf(bytesOf(h)));
  });
});

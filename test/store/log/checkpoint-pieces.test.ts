import { describe, expect, it } from 'vitest';
import { finish, PIECE } from '../../../src/math/pieces.js';
import {
  readCheckpointInPieces,
  writeCheckpoint,
  writeCheckpointInPieces,
} from '../../../src/store/log/checkpoint-codec.js';
import { fingerprint } from '../../support/numeric-compare.js';
import { costsOf } from '../../support/pieces.js';

const state = {
  numbers: Float32Array.from({ length: 3_000_001 }, (_, i) => i / 7),
  exact: Float64Array.from({ length: 1001 }, (_, i) => -i),
  bytes: Uint8Array.of(1, 2, 3),
  keys: Array.from({ length: 9000 }, (_, i) => `key ${i} "${'\\'.repeat(i % 5)}"`),
  odd: [Number.NaN, -0, Number.POSITIVE_INFINITY, null, true, { $: 'own' }],
};

describe('checkpoints in pieces', () => {
  it('[PCS1] [PCS2] are written and read as at once, none of the pieces costs more than one may', () => {
    const checkpoint = { position: 12, savedAt: 5, state };
    const written = costsOf(writeCheckpointInPieces(checkpoint));
    expect(Buffer.compare(written.value, writeCheckpoint(checkpoint))).toBe(0);
    const read = costsOf(readCheckpointInPieces(written.value, 12));
    expect(fingerprint(read.value)).toBe(fingerprint(checkpoint));
    for (const { costs } of [written, read]) {
      expect(Math.max(...costs)).toBeLessThanOrEqual(PIECE);
      expect(costs.length).toBeGreaterThan(6);
    }
  });

  it('a bit that flips anywhere in it is found', () => {
    const bytes = writeCheckpoint({
      position: 12,
      savedAt: 5,
      state: { numbers: state.numbers.slice(0, 50) },
    });
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      expect(() => finish(readCheckpointInPieces(flipped, 12)), `byte ${at}`).toThrow(
        expect.objectContaining({ code: 'store-damaged' }),
      );
    }
  });
});

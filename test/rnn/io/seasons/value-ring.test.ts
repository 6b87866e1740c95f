import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looseColumns } from '../../../../src/kernels/columns.js';
import { ringRead } from '../../../../src/kernels/value-ring.js';
import { ValueRing } from '../../../../src/rnn/io/seasons/recent-values.js';
import { pushRow } from '../../../support/rings.js';

const memory = looseColumns.allocateColumns(1);

describe('the recent values of some series', () => {
  it('are those that a plain list keeps, whatever is missing, forgotten, and restored on the way', () => {
    const value = fc.oneof(
      { weight: 5, arbitrary: fc.double({ min: -9, max: 9, noNaN: true }) },
      fc.constant(Number.NaN),
    );
    const happening = fc.oneof(
      { weight: 60, arbitrary: fc.tuple(value, value) },
      fc.constantFrom('forget', 'restore'),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 400 }),
        fc.array(happening, { minLength: 300, maxLength: 700 }),
        (most, all) => {
          let ring = new ValueRing(2, most);
          const kept: number[][] = [[], []];
          for (const next of all) {
            if (next === 'forget') {
              ring.forget(0);
              kept[0] = [];
            } else if (next === 'restore') {
              const state = ring.state();
              ring = new ValueRing(2, most);
              ring.restore(state);
            } else {
              for (const [i, list] of kept.entries()) {
                if (!Number.isNaN(next[i]!)) list.push(next[i]!);
                else if (list.length > 0) list.push(list.at(-1)!);
                if (list.length > most) list.shift();
              }
              pushRow(ring, ring.at, next);
            }
          }
          for (const [i, list] of kept.entries()) {
            // a ring that is still to double keeps fewer
            const known = ring.known(i);
            expect(known).toBeGreaterThanOrEqual(Math.min(list.length, 100));
            expect(Array.from(ring.read(i))).toEqual(known === 0 ? [] : list.slice(-known));
            for (let back = 0; back < known; back += 37)
              expect(ringRead(memory.data, ring.at, back, i)).toBe(list.at(-1 - back));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

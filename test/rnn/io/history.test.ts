import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History } from '../../../src/rnn/io/history.js';
import { fingerprint } from '../../support/numeric-compare.js';

const [FEATURES, WIDTH] = [4, 3];
/** Which of the features are remembered. */
const INDEX = [2, 0, 3];

interface Row {
  readonly x: number[];
  /** What of it is missing, if its past is unknown too. */
  readonly missing: boolean[];
}
type Happening = Row | 'clear' | 'restore';

const row: fc.Arbitrary<Row> = fc.record({
  x: fc.array(fc.double({ noNaN: true }), { minLength: FEATURES, maxLength: FEATURES }),
  missing: fc.array(fc.boolean(), { minLength: FEATURES, maxLength: FEATURES }),
});
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: row },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
  { weight: 1, arbitrary: fc.constant('restore' as const) },
);

describe('a history', () => {
  it('remembers the last rows as a plain array does, over clearing and restoring', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(happening, { maxLength: 40 }),
        (rows, happenings) => {
          let history = new History(rows, WIDTH);
          /** Every row since the beginning, null for what is not known. */
          let past: (number | null)[][] = [];
          const known = new Uint8Array(FEATURES);
          for (const what of happenings) {
            if (what === 'clear') {
              history.clear();
              past = [];
            } else if (what === 'restore') {
              const kept = history.state();
              history = new History(rows, WIDTH);
              history.restore(kept);
            } else {
              for (const [i, isMissing] of what.missing.entries()) if (!isMissing) known[i] = 1;
              history.push(what.x, INDEX, known);
              past.push(INDEX.map((i) => (known[i] ? what.x[i]! : null)));
            }
            for (let back = 0; back < rows + 2; back++)
              for (let i = 0; i < WIDTH; i++) {
                const want = back < rows ? (past.at(-1 - back)?.[i] ?? null) : null;
                expect(history.knows(back, i)).toBe(want !== null);
                if (want !== null) expect(history.read(back, i)).toBe(want);
              }
          }
        },
      ),
    );
  });

  it('knows a value from the first row on in which it was known, also of later rows', () => {
    const history = new History(3, 1);
    history.push([5], [0], [0]);
    history.push([5], [0], [0]);
    expect([0, 1].map((back) => history.knows(back, 0))).toEqual([false, false]);
    history.push([7], [0], [1]);
    expect([0, 1, 2].map((back) => history.knows(back, 0))).toEqual([true, false, false]);
    history.push([8], [0], [1]);
    history.push([9], [0], [1]);
    expect([0, 1, 2, 3].map((back) => history.knows(back, 0))).toEqual([true, true, true, false]);
  });

  it('knows nothing after it was cleared, and then only what came since', () => {
    const history = new History(3, 1);
    for (const value of [1, 2, 3]) history.push([value], [0], [1]);
    history.clear();
    expect(history.knows(0, 0)).toBe(false);
    history.push([4], [0], [1]);
    expect([0, 1].map((back) => history.knows(back, 0))).toEqual([true, false]);
    expect(history.read(0, 0)).toBe(4);
  });

  it('a kept state goes on as it was, and is detached', () => {
    const [one, other] = [new History(3, 2), new History(3, 2)];
    for (let t = 0; t < 7; t++) one.push([t, -t], [0, 1], [1, t > 4 ? 1 : 0]);
    const state = one.state();
    const kept = fingerprint(state);
    other.push([99, 99], [0, 1], [1, 1]);
    other.restore(state);
    for (const history of [one, other]) history.push([50, 60], [0, 1], [1, 1]);
    expect(fingerprint(other.state())).toBe(fingerprint(one.state()));
    expect(fingerprint(state)).toBe(kept);
  });
});

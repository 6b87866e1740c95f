import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertsSchema } from '../../../src/server/alerts/rule-schema.js';
import { newStand, observe } from '../../../src/server/alerts/rule-watch.js';

const problemsOf = (rules: unknown) => {
  const result = alertsSchema.safeParse(rules);
  return result.success ? [] : result.error.issues.map(({ path }) => path.join('.'));
};

describe('rules', () => {
  it('[HOK1] a word is a rule with its defaults, and a duration is read as people write it', () => {
    const [silence, anomaly] = alertsSchema.parse(['silence', { on: 'anomaly', level: 0.9, for: '5m' }]);
    expect(silence).toEqual({ on: 'silence', sequences: '*', for: 300_000, clear: 0, by: 'arrival' });
    expect(anomaly).toMatchObject({ level: 0.9, for: 300_000, clear: 0 });
  });

  it.each([
    [['nothing'], ['0.on']],
    [[{ on: 'anomaly', levle: 1 }], ['0']],
    [['drift', { on: 'anomaly', level: 0.5, endLevel: 0.9 }], ['1.endLevel']],
    [[{ on: 'anomaly', endLevel: 0.9 }], ['0.endLevel']],
    [[{ on: 'outside', times: 11, of: 10 }], ['0.times']],
    [[{ on: 'outside', times: 2, of: 10, endTimes: 2 }], ['0.endTimes']],
    [[{ on: 'health', states: ['ill'] }], ['0.states.0']],
    [[{ on: 'silence', for: '5 minutes' }], ['0.for']],
    [['drift', 'drift'], ['1.name']],
    [[{ on: 'drift', sequences: 'a b' }], ['0.sequences']],
  ])('[HOK1] a rule that is wrong is refused by its path: %j', (rules, paths) => {
    expect(problemsOf(rules)).toEqual(paths);
  });

  it('[HOK2] a rule starts when it has lasted, and ends when it has been over for as long as it says', () => {
    const stand = newStand();
    const lasting = { for: 100, clear: 50 };
    const turns = [];
    const seen: [number, boolean][] = [
      [0, true],
      [60, false],
      [70, true],
      [169, true],
      [170, true],
      [200, true],
      [210, false],
      [240, true],
      [250, false],
      [300, false],
      [400, false],
    ];
    for (const [time, isBad] of seen) turns.push(observe(stand, lasting, time, isBad, !isBad));
    expect(turns.flatMap((turn) => (turn ? [[turn.state, turn.at, turn.since]] : []))).toEqual([
      ['start', 170, 70],
      ['end', 300, 70],
    ]);
  });

  it('[HOK2] however values flap, starts and ends alternate, each after its time, and none comes between two levels', () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true })),
      {
        maxLength: 300,
      },
    );
    const rule = fc.record({
      level: fc.double({ min: 0.3, max: 1, noNaN: true }),
      gap: fc.double({ min: 0, max: 0.3, noNaN: true }),
      for: fc.integer({ min: 0, max: 100 }),
      clear: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(steps, rule, (values, { level, gap, ...lasting }) => {
        const stand = newStand();
        let time = 0;
        let last = 'end';
        // the plain reading of the rule: the run of steps toward the next turn
        let run: number[] = [];
        for (const [after, value] of values) {
          time += after;
          const [isBad, isGood] = [value >= level, value < level - gap];
          run = (last === 'end' ? isBad : isGood) ? [...run, time] : [];
          const isDue = run.length > 0 && time - run[0]! >= (last === 'end' ? lasting.for : lasting.clear);
          const turn = observe(stand, lasting, time, isBad, isGood);
          expect(turn?.state ?? null).toBe(isDue ? (last === 'end' ? 'start' : 'end') : null);
          if (!turn) continue;
          last = turn.state;
          run = [];
        }
      }),
    );
  });
});

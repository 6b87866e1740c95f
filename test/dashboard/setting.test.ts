import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnerSetting } from '../../client/dashboard/try/model-spec.js';
import type { ReadingSetting } from '../../client/dashboard/try/reading-setting.js';
import {
  DRAWING_POINTS,
  formatSetting,
  isReproducible,
  PRESETS,
  parseSetting,
  problemsOf,
  type Setting,
  SIGNALS,
} from '../../client/dashboard/try/setting.js';
import { TIME_KINDS } from '../../src/features/time-features.js';

const runner: fc.Arbitrary<RunnerSetting> = fc
  .record({
    units: fc.integer({ min: 1, max: 24 }),
    horizon: fc.integer({ min: 1, max: 64 }),
    learner: fc.constantFrom('tbptt', 'rtrl', 'snap-1'),
    k1: fc.integer({ min: 1, max: 64 }),
    k2: fc.integer({ min: 0, max: 192 }),
    optimizer: fc.constantFrom('sgd', 'rmsprop', 'adam', 'adamw'),
    rate: fc.constantFrom(0.000001, 0.005, 0.1, 1, 10, 1.5e-5),
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    where: fc.constantFrom('browser', 'server'),
  })
  .map((made) => ({ ...made, k2: made.k1 + made.k2 }) as RunnerSetting);

const reading: fc.Arbitrary<ReadingSetting> = fc.record({
  delimiter: fc.constantFrom('', 'comma', 'semicolon', 'tab', 'bar', 'space'),
  decimal: fc.constantFrom('', 'point', 'comma'),
  header: fc.constantFrom('', 'names', 'row'),
  names: fc.string({ maxLength: 30 }),
  time: fc.string({ maxLength: 30 }),
  timeFormat: fc.string({ maxLength: 30 }),
  timeZone: fc.string({ maxLength: 30 }),
  missing: fc.string({ maxLength: 30 }),
});

const setting: fc.Arbitrary<Setting> = fc
  .record({
    signal: fc.constantFrom(...SIGNALS),
    signalSeed: fc.integer({ min: 0, max: 0xffff_ffff }),
    drawing: fc.oneof(
      fc.constant([]),
      fc
        .array(fc.integer({ min: 0, max: 255 }), { minLength: DRAWING_POINTS, maxLength: DRAWING_POINTS })
        .map((bytes) => bytes.map((byte) => byte / 255)),
    ),
    file: fc.string({ maxLength: 40 }),
    columns: fc.array(fc.string({ maxLength: 10 }), { maxLength: 4 }),
    target: fc.string({ maxLength: 10 }),
    calendar: fc.subarray([...TIME_KINDS]),
    reading,

    steps: fc.integer({ min: 1, max: 200_000 }),
    speed: fc.integer({ min: 0, max: 10_000 }),
    a: runner,
    b: fc.option(runner),
  })
  // what is forecast is one of the columns
  .map((one) => ({ ...one, target: one.columns.at(-1) ?? one.target }));

const problem = (query: string) => {
  try {
    parseSetting(query);
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return null;
};

describe('a link', () => {
  it('[DSH18] holds the whole setting', () => {
    fc.assert(
      fc.property(setting, (one) => {
        expect(parseSetting(formatSetting(one))).toEqual(one);
      }),
      { numRuns: 60 },
    );
  });

  it('[DSH18] leaves out what is as it would be anyway, of a second run what is as in the first', () => {
    const plain = parseSetting('');
    expect(formatSetting(plain)).toBe('');
    expect(formatSetting({ ...plain, a: { ...plain.a, units: 8 } })).toBe('v=1&units=8');
    const pair = { ...plain, a: { ...plain.a, units: 8 }, b: { ...plain.a, units: 8, k2: 32 } };
    expect(formatSetting(pair)).toBe('v=1&units=8&compare=1&b.k2=32');
  });

  it('[DSH19] that cannot be read is refused, and every wrong part is named', () => {
    expect(problem('v=1&units=many&k1=0&colour=red&signal=noise&b.k9=1')).toBe(
      'setting-invalid: colour: not known; b.k9: not known; ' +
        'signal: sine, mackey-glass, random-walk, regime-change, add-task, drawing, csv, motion, microphone; ' +
        'units: a whole number from 1 to 256; k1: a whole number from 1 to 256',
    );
    expect(problem('v=2&units=8')).toBe(
      'setting-invalid: the link is of version 2, and this page reads version 1',
    );
    expect(problem('v=1&compare=yes')).toContain('compare: 1');
    expect(problem('v=1&rate=1e999')).toContain('rate: a number from 0.000001 to 10');
    expect(problem('v=1&drawing=0g')).toContain('drawing: 128 hexadecimal digits');
    expect(problem('v=1&columns={"a":1}')).toContain('columns: at most 16 names');
    expect(problem('v=1&calendar=hour,tides&read.decimal=dot&read.encoding=x')).toBe(
      'setting-invalid: read.encoding: not known; ' +
        'calendar: some of hour, weekday, monthday, yearday, weekend, elapsed; read.decimal: point, comma',
    );
  });

  it('[DSH19] whose parts do not go together is refused', () => {
    expect(problem('v=1&k1=8&k2=4')).toBe('setting-invalid: A: learner.k2: k2 must be at least k1 (8)');
    expect(problem('v=1&compare=1&b.learner=rtrl&b.units=256')).toContain('B: learner: a step would cost');
    expect(problem('v=1&signal=csv&columns=["a","b"]&target=c')).toBe(
      'setting-invalid: target: c is not among the columns',
    );
    expect(problemsOf(parseSetting(''))).toEqual([]);
  });

  it('[DSH19] is never taken half: whatever is in it, it is read or refused', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (query) => {
        const said = problem(query);
        if (said !== null) expect(said).toMatch(/^setting-invalid: /);
      }),
    );
  });

  it('[DSH18] is there for every ready-made run', () => {
    for (const { query } of PRESETS) expect(formatSetting(parseSetting(query))).toBe(query);
  });

  it('[DSH18] says when the run hangs on what only this device has', () => {
    const of = (signal: Setting['signal']) => isReproducible({ ...parseSetting(''), signal });
    expect(SIGNALS.filter((signal) => !of(signal))).toEqual(['motion', 'microphone']);
  });
});

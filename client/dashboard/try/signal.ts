/** What a run is fed with, step by step. */
import { EddyError } from '../../../src/errors.js';
import type { Field } from '../../../src/fields/field.js';
import { addTask, mackeyGlass, noisySine, randomWalk } from '../../../src/signals/index.js';
import type { Setting } from './setting.js';

export interface Row {
  /** NaN is a gap. */
  readonly x: readonly number[];
  /** Milliseconds since 1970. */
  readonly t?: number;
  /** Of the add task: what is to be learned, and the probability of a 1, which nobody can know better. */
  readonly answer?: 0 | 1;
  readonly ideal?: number;
}

export interface Signal {
  readonly fields: readonly Field[];
  /** Rows in all, where it has an end. */
  readonly length?: number;
  /** Does every row tell its time? */
  readonly hasTimes?: boolean;
  /** Does the time of some row lie before that of the one before it? */
  readonly isLate?: boolean;
  /** Gives the next row; null if none has come yet, `end` after the last. */
  next(): Row | null | 'end';
  stop?(): void;
}

const CHANGE_AT = 2000;

/**
 * Makes a signal that comes from numbers alone.
 *
 * @throws EddyError `input-invalid` where there is no drawing yet; files and sensors are not among them
 */
export function createSignal(setting: Setting): Signal {
  const { signal, signalSeed: seed, drawing } = setting;
  switch (signal) {
    case 'sine':
      return series('sine', noisySine({ seed, period: 40, noise: 0.05 }));
    case 'mackey-glass':
      // another start is another series of the same kind
      return series('x', mackeyGlass({ start: 1.2 - ((seed - 1) % 100) / 200 }));
    case 'random-walk':
      return series('walk', randomWalk({ seed }));
    case 'regime-change':
      return series(
        'sine',
        noisySine({
          seed,
          period: 25,
          noise: 0.05,
          changeAt: CHANGE_AT,
          after: { period: 60, amplitude: 2.5 },
        }),
      );
    case 'add-task':
      return adding(seed);
    case 'drawing':
      if (drawing.length === 0) throw new EddyError('input-invalid', 'nothing is drawn yet');
      return series('drawing', turns(drawing));
    case 'csv':
    case 'motion':
    case 'microphone':
      throw new EddyError('input-invalid', `${signal} is no signal of numbers alone`);
  }
}

function series(name: string, numbers: Generator<number>): Signal {
  return { fields: [{ name }], next: () => ({ x: [numbers.next().value] }) };
}

function adding(seed: number): Signal {
  const steps = addTask({ seed });
  const past: number[] = Array(8).fill(0);
  return {
    fields: [{ name: 'coin' }],
    next() {
      const { x, y } = steps.next().value;
      const ideal = 0.5 + 0.5 * (past[2] as number) - 0.25 * (past[7] as number);
      past.pop();
      past.unshift(x);
      return { x: [x], answer: y, ideal };
    },
  };
}

/** Steps that a point of a drawing lasts, on the way to the next. */
const STEPS_A_POINT = 2;

/** Goes round a drawing without end, in a straight line from point to point. */
function* turns(points: readonly number[]): Generator<number> {
  for (let t = 0; ; t++) {
    const place = t / STEPS_A_POINT;
    const at = Math.floor(place) % points.length;
    const [from, to] = [points[at] as number, points[(at + 1) % points.length] as number];
    yield from + (place - Math.floor(place)) * (to - from);
  }
}

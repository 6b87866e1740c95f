/**
 * What the cell gets of a step's time: the pairs and the flag of the calendar as they are, which lie in [-1, 1], and
 * `elapsed`, the seconds since the step before, in deviations from the mean of those before it; in seconds without a
 * scaler. The first step of a history has none before it, and its `elapsed` is 0. Of an unknown time all are 0.
 */
import { calendarFeatures } from '../../features/calendar.js';
import { isTime, type TimeKind, timeNames } from '../../features/time-features.js';
import type { Address, Reals } from '../../kernels/kernels.js';
import { clamp, LARGEST } from '../../math/clamp.js';
import type { ModelSpec } from '../spec/spec.js';
import { type ScalerState, StandardScaler } from './scaler.js';

export interface TimeState {
  /** Is there a step before the next one, and its time. */
  readonly known: boolean;
  readonly last: number;
  readonly scaler: ScalerState | null;
}

export class TimeInputs {
  /** Numbers that the cell gets of a time. */
  readonly size: number;
  private readonly kinds: readonly TimeKind[];
  private readonly scaler: StandardScaler | null;
  /** The features of this step. */
  private readonly values: number[] = [];
  private last: number | null = null;

  constructor({ inputs, scaler }: Pick<ModelSpec, 'inputs' | 'scaler'>) {
    this.kinds = inputs.time;
    this.size = timeNames(inputs.time).length;
    const isScaled = scaler.kind === 'standard' && inputs.time.includes('elapsed');
    this.scaler = isScaled ? new StandardScaler(1, { halfLife: scaler.halfLife, centre: 'mean' }) : null;
  }

  /** Takes the time of the next step, in milliseconds since 1970; what it took joins the statistics. */
  take(time: number): void {
    const { values, size } = this;
    values.length = 0;
    if (!isTime(time)) {
      for (let i = 0; i < size; i++) values.push(0);
      return;
    }
    for (const kind of this.kinds)
      if (kind === 'elapsed') values.push(this.elapsed(time));
      else calendarFeatures([kind], time, values);
    this.last = time;
  }

  private elapsed(time: number): number {
    const { last, scaler } = this;
    if (last === null) return 0;
    // whole microseconds: what lies beyond is float64's rounding of the times, which would pass for a variation
    const seconds = Math.round(1000 * (time - last)) / 1e6;
    if (!scaler) return clamp(seconds, LARGEST);
    const scaled = scaler.scale(seconds, 0);
    scaler.observeOne(seconds, 0);
    return scaled;
  }

  /** Writes the features of this step to one row of the cell's inputs. */
  write(m: Reals, to: Address): void {
    for (let i = 0; i < this.size; i++) m[to + i] = this.values[i]!;
  }

  /** Begins a new history; statistics stay. */
  restart(): void {
    this.last = null;
  }

  state(): TimeState {
    return { known: this.last !== null, last: this.last ?? 0, scaler: this.scaler?.state() ?? null };
  }

  restore({ known, last, scaler }: TimeState): void {
    this.last = known ? last : null;
    if (scaler) this.scaler?.restore(scaler);
  }
}

import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Store } from '../store/store.js';
import type { Course } from './course.js';
import { type Summary, summaryOf, toldOf } from './summary.js';

/** What is told of a sequence in lists: while it sleeps, what was told of it last. */
export class LastTold {
  private told: Partial<Summary>;
  /** x [B,F] of the last step. */
  private x: Float64Array;
  /** When it came, in milliseconds since 1970. */
  private arrived: number | null;

  constructor(
    store: Pick<Store, 'summary'>,
    name: string,
    private readonly spec: ModelSpec,
    private readonly wall: () => number,
  ) {
    this.told = toldOf(store, name);
    this.arrived = this.told.arrivals?.last ?? null;
    this.x = Float64Array.from(this.told.x ?? [], (value) => value ?? Number.NaN);
  }

  /** Notes the last of the steps x [T,B,F] that were taken. */
  take(x: Float64Array): void {
    const size = this.spec.batch * this.spec.features;
    if (this.x.length !== size) this.x = new Float64Array(size);
    this.arrived = this.wall();
    for (let i = 0; i < size; i++) this.x[i] = x[x.length - size + i]!;
  }

  /** @param course null while the sequence sleeps */
  summary(course: Course | null): Partial<Summary> {
    if (course) this.told = summaryOf(course, this.x, this.arrived);
    return this.told;
  }
}

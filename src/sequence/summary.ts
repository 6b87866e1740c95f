import type { Schema } from '../fields/sequence-schema.js';
import { seasonsOf, type ToldSeason } from '../fields/told-seasons.js';
import type { Health } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { LogRecord, SequenceStore, Store } from '../store/store.js';
import type { Course } from './course.js';
import type { Past } from './past/past.js';
import { timeOf } from './results/latest-result.js';
import type { Arrivals } from './sequence-health.js';

/** What a list tells of a sequence; of one that sleeps, as it fell asleep. */
export interface Summary {
  readonly seq: number;
  readonly epoch: string;
  readonly spec: ModelSpec;
  readonly schema: Schema;
  readonly learning: boolean;
  readonly updates: number;
  readonly anomaly: number;
  readonly scored: number;
  readonly recentMae: number | null;
  readonly recentSkill: number | null;
  /** How its model does; that its steps stay out is not told here. */
  readonly health: Health;
  /** The seasons by which it forecasts; none where the network forecasts alone. */
  readonly seasons?: readonly ToldSeason[];
  readonly arrivals: Arrivals;
  /** How many events its history had. */
  readonly events: number;
  /** The time of the last step, and its x [B,F]; null for a gap. */
  readonly t: number | null;
  readonly x: readonly (number | null)[];
}

/** A sequence that is brought back without its model. */
export interface Asleep extends Pick<Summary, 'seq' | 'epoch' | 'spec' | 'schema'> {
  readonly past: Past;
  /** Null where it fell asleep in an older version. */
  readonly events: number | null;
}

/** Gives a sequence as it fell asleep; null where more came after that, or where it was never told. */
export function asleepOf(
  store: Pick<Store, 'summary'>,
  name: string,
  log: SequenceStore,
  pastOf: (spec: ModelSpec) => Past,
): Asleep | null {
  const { summary = null } = store.summary(name) ?? {};
  if (summary?.position !== log.end) return null;
  const { seq, epoch, spec, schema, events = null } = summary.state as unknown as Partial<Summary>;
  if (seq === undefined || epoch === undefined || !spec || !schema) return null;
  return { seq, epoch, spec, schema, events, past: pastOf(spec) };
}

/** What the store tells of a sequence, without opening it. */
export function toldOf(store: Pick<Store, 'summary'>, name: string): Partial<Summary> {
  const { summary = null, last = null } = store.summary(name) ?? {};
  const told = (summary?.state ?? {}) as unknown as Partial<Summary>;
  if (!last) return told;
  const newer = lastStepOf(last, told.spec);
  // of a step in the log its time is known, not when it came
  const came = Math.max(told.arrivals?.last ?? 0, newer.t ?? 0);
  return { ...told, ...newer, ...(told.arrivals && { arrivals: { ...told.arrivals, last: came } }) };
}

/** What the newest steps of a log tell, where they came after the summary: after a crash. Scores are as they were before. */
function lastStepOf(
  { first, t, x }: Extract<LogRecord, { kind: 'steps' }>,
  spec: ModelSpec | undefined,
): Partial<Summary> {
  const size = t ? x.length / t.length : spec ? spec.batch * spec.features : x.length;
  const seq = first + x.length / size - 1;
  return { seq, t: timeOf(t?.at(-1) ?? Number.NaN), x: told(x.subarray(x.length - size)) };
}

/** The most numbers of a step, and seasons, that a list tells. */
const TOLD_NUMBERS = 64;

/** @param arrived when the last step came, in milliseconds since 1970; null where that is not known */
export function summaryOf(
  { model, epoch, schema, times, events }: Course,
  x: Float64Array,
  arrived: number | null,
): Summary {
  const { seq, spec, learning, updates, anomaly, health } = model;
  const { scored, recentMae, recentSkill } = model.metrics;
  const seasons = seasonsOf(model, schema.fields);
  return {
    seq,
    epoch,
    spec,
    schema,
    learning,
    updates,
    anomaly,
    scored,
    recentMae,
    recentSkill,
    health,
    ...(seasons && { seasons: seasons.slice(0, TOLD_NUMBERS) }),
    arrivals: { usual: times.usual, last: arrived },
    events,
    t: timeOf(times.last),
    x: told(x),
  };
}

const told = (x: Float64Array): (number | null)[] =>
  x.length <= TOLD_NUMBERS ? Array.from(x, (value) => (Number.isNaN(value) ? null : value)) : [];

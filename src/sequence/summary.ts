import type { Schema } from '../fields/schema.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Course } from './course.js';
import { timeOf } from './results/latest-result.js';

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
  /** The time of the last step, and its x [B,F]; null for a gap. */
  readonly t: number | null;
  readonly x: readonly (number | null)[];
}

/** The most numbers of a step that a list tells. */
const TOLD_NUMBERS = 64;

export function summaryOf({ model, epoch, schema, times }: Course, x: Float64Array | null): Summary {
  const { seq, spec, learning, updates, anomaly } = model;
  const { scored, recentMae, recentSkill } = model.metrics;
  const told = x && x.length <= TOLD_NUMBERS ? Array.from(x, (value) => (Number.isNaN(value) ? null : value)) : [];
  return { seq, epoch, spec, schema, learning, updates, anomaly, scored, recentMae, recentSkill, t: timeOf(times.last), x: told };
}

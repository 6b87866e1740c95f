/** The rows of all sequences, rebuilt at each poll of the server's list. */
import type { Field } from '../../../src/fields/field.js';
import type { ModelSpec } from '../../../src/rnn/spec/spec.js';
import type { Listing } from '../../sdk/index.js';
import { modelWords } from '../ui/model-words.js';

type Listed = Listing['sequences'][number];

export interface FleetRow {
  readonly name: string;
  /** What the model is; empty where that is not told. */
  readonly model: string;
  readonly awake: boolean;
  readonly learning: boolean | null;
  /** How it does, and why; null where that is not told. */
  readonly health: Listed['health'] | null;
  readonly steps: number | null;
  /** Steps a second between the last two looks. */
  readonly rate: number | null;
  /** When the last step was, by its own time or else by its arrival, in milliseconds on the page's clock. */
  readonly lastAt: number | null;
  /** The time of the last step, in milliseconds since 1970. */
  readonly t: number | null;
  /** What the numbers of a step are; empty where that is not told. */
  readonly fields: readonly Field[];
  /** The last x, where the server tells it: not of many fields. A gap is null. */
  readonly x: readonly (number | null)[];
  readonly error: number | null;
  readonly skill: number | null;
  readonly anomaly: number | null;
  /** From the last polls, oldest first; NaN if missing. */
  readonly errors: readonly number[];
  readonly skills: readonly number[];
}

/** Looks that a sparkline shows. */
const LOOKS = 60;

export class FleetRecord {
  rows: readonly FleetRow[] = [];
  /** When the last look came, in milliseconds; null before the first. */
  at: number | null = null;
  private known = new Map<string, FleetRow>();

  /**
   * @param at milliseconds on a clock that only goes forward
   * @param now milliseconds since 1970
   */
  look(at: number, now: number, sequences: readonly Listed[]): void {
    const seconds = this.at === null ? 0 : (at - this.at) / 1000;
    this.rows = sequences.map((listed) => this.rowOf(listed, at, now, seconds));
    this.known = new Map(this.rows.map((row) => [row.name, row]));
    this.at = at;
  }

  private rowOf(listed: Listed, at: number, now: number, seconds: number): FleetRow {
    const {
      sequence: name,
      awake,
      seq,
      learning = null,
      health = null,
      recentMae,
      recentSkill,
      anomaly = null,
      age,
      t = null,
      spec,
      fields = [],
      x = [],
    } = listed;
    const before = this.known.get(name);
    const steps = seq === undefined ? (before?.steps ?? null) : seq + 1;
    const [error, skill] = [recentMae ?? null, recentSkill ?? null];
    return {
      name,
      awake,
      learning,
      health,
      steps,
      model: spec ? modelWords(spec as unknown as ModelSpec) : (before?.model ?? ''),
      rate: rateOf(before?.steps ?? null, steps, seconds, awake),
      lastAt: t !== null ? at - (now - t) : typeof age === 'number' ? at - age : (before?.lastAt ?? null),
      t,
      fields,
      x,
      error,
      skill,
      anomaly,
      errors: [...(before?.errors ?? []), error ?? Number.NaN].slice(-LOOKS),
      skills: [...(before?.skills ?? []), skill ?? Number.NaN].slice(-LOOKS),
    };
  }
}

/** A sequence that was restarted has no rate yet, and a sleeping one no meaningful rate. */
function rateOf(before: number | null, now: number | null, seconds: number, awake: boolean): number | null {
  if (!awake || before === null || now === null || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}

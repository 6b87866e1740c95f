/** Checks the commands to a sequence. The whole of a block is checked before any of it is accepted. */
import { EddyError } from '../errors.js';
import type { Schema } from '../fields/sequence-schema.js';
import type { Plain } from '../formats/typed-json.js';
import type { Limits } from '../limits.js';
import type { Pieces } from '../math/pieces.js';
import type { ModelSettings } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { checksumOf } from './append-keys.js';
import { checkBlock, checkLateTargets, checkRepeats, checkTargets } from './block-checks.js';
import type { Appended, Appender, Asker, Change } from './change.js';
import type { Course } from './course.js';
import { ResampledReadings } from './resampled-readings.js';
import { rows } from './rows-of.js';
import type { SequenceCounters } from './sequence-counters.js';

/** A command to a sequence: a change, or something to do with its model between two changes. */
export type Command =
  | ChangeCommand
  | { readonly kind: 'checkpoint' | 'wake'; readonly asker: Asker }
  /** Saves it if anything has changed; and frees its memory. */
  | { readonly kind: 'keep'; readonly asker: Asker }
  | { readonly kind: 'sleep'; readonly reason: SleepReason; readonly asker: Asker }
  /** Looks at its model, which nothing changes meanwhile. */
  | {
      readonly kind: 'look';
      readonly look: (course: Course) => Pieces | null;
      /** Is a sleeping one left alone? */
      readonly isIdle?: boolean;
      readonly asker: Asker;
    };

/** Why it is put to sleep. */
export type SleepReason = 'idle' | 'room' | 'shutdown';

/** A command that becomes a change. */
export type ChangeCommand =
  | {
      readonly kind: 'steps';
      /** Number of the first step. */
      readonly first: number;
      /** [T,B,F]; NaN is missing. */
      readonly x: Float64Array;
      /** [T,B,M], for a supervised task. */
      readonly targets: Float64Array | null;
      /** [T], NaN for a step to be stamped on arrival; null for all of them. */
      readonly t: Float64Array | null;
      /** T, according to the producer. */
      readonly count: number;
      readonly asker: Asker;
    }
  | ({ readonly kind: 'append'; readonly asker: Appender } & Appended)
  /** Names the fields of a sequence whose fields have no names. */
  | { readonly kind: 'name'; readonly schema: Schema; readonly asker: Asker }
  /** Closes the open bins of resampling. */
  | { readonly kind: 'flush'; readonly asker: Asker }
  /** Targets [T,B,M] of earlier steps, from number `first` on. */
  | {
      readonly kind: 'targets';
      readonly first: number;
      readonly targets: Float64Array;
      readonly asker: Asker;
    }
  | ({ readonly kind: 'configure'; readonly asker: Asker } & ModelSettings)
  | { readonly kind: 'reset'; readonly what: 'state' | 'weights'; readonly asker: Asker };

export function isChange(command: Command): command is ChangeCommand {
  const { kind } = command;
  return kind !== 'checkpoint' && kind !== 'wake' && kind !== 'keep' && kind !== 'sleep' && kind !== 'look';
}

type CommandOf<K extends ChangeCommand['kind']> = Extract<ChangeCommand, { kind: K }>;

/** Tells the asker that a command is refused. */
export function refuse(command: Command, error: EddyError): void {
  command.asker.refused([{ error, seq: 'first' in command ? command.first : null, count: null }]);
}

export interface IntakeParts {
  readonly spec: ModelSpec;
  readonly schema: Schema;
  /** The most steps of one block. */
  readonly blockSteps: number;
  readonly limits: Pick<Limits, 'unackedSteps' | 'pendingAppends'>;
  readonly log: SequenceStore;
  /** How far the steps are durable, and tells askers when all is. */
  readonly acks: { readonly durableSeq: number; readonly waiting: number };
  readonly newEpoch: () => string;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly counters: SequenceCounters;
}

export class Intake {
  /** Numbers in a step, B * F. */
  private readonly stepSize: number;
  private readonly readings: ResampledReadings | null;

  constructor(private readonly parts: IntakeParts) {
    const { spec, schema, limits } = parts;
    this.stepSize = spec.batch * spec.features;
    this.readings = schema.resample && new ResampledReadings(schema, limits.pendingAppends);
  }

  /** Readings that have not become a step yet. */
  get pending(): number {
    return this.readings?.pending ?? 0;
  }

  /** Refuses the readings that have not become a step: the sequence ends. */
  end(reason: EddyError): void {
    this.readings?.refuse(reason);
  }

  /**
   * Turns a command into a change, or into none where it waits for others.
   *
   * @throws EddyError if it is refused; then nothing has been accepted
   */
  take(command: ChangeCommand, course: Course): Change | null {
    this.readings?.settle();
    switch (command.kind) {
      case 'steps':
        return this.steps(command, course);
      case 'append':
        return this.append(command, course);
      case 'name': {
        const schema = { ...command.schema } as unknown as Plain;
        return { record: { kind: 'named', schema }, last: -1, asker: command.asker };
      }
      case 'flush':
        return this.flush(command, course);
      case 'targets':
        return this.targets(command);
      case 'configure': {
        const { learning = course.model.learning, learningRate = null, asker } = command;
        course.model.checkSettings(command);
        return { record: { kind: 'configured', learning, learningRate }, last: -1, asker };
      }
      case 'reset': {
        const { what, asker } = command;
        return { record: { kind: 'reset', what, epoch: this.parts.newEpoch() }, last: -1, asker };
      }
    }
  }

  /**
   * Accepts a block of steps. Those that were accepted before are acknowledged again and have no effect.
   *
   * @throws EddyError `step-*`, `block-too-long`, `credit-exceeded`, `target-*`; nothing of the block has been accepted
   */
  private steps({ first, x, targets, t, count: said, asker }: CommandOf<'steps'>, course: Course): Change {
    const { spec, blockSteps, counters, limits, wall } = this.parts;
    if (this.readings)
      throw new EddyError(
        'step-unnumbered',
        'the sequence is resampled, so the server numbers its steps: append readings',
      );
    const next = course.seq + 1;
    const count = checkBlock(spec, { first, x, said }, next, blockSteps);
    if (t && t.length !== count)
      throw new EddyError('step-shape', `t has ${t.length} times; the block has ${count} steps`);
    const last = first + count - 1;
    this.checkCredit(last, limits.unackedSteps);
    if (targets) checkTargets(spec, targets, count);
    const repeats = Math.min(count, next - first);
    if (repeats > 0) checkRepeats(course.recent, { first, x, targets, t, count }, repeats, course.seq);
    counters.stepsRepeated += repeats;
    if (repeats === count) return { record: null, last, asker };
    const fresh = rows(x, this.stepSize, repeats, count);
    const freshTargets = targets && rows(targets, targets.length / count, repeats, count);
    const given = t && rows(t, 1, repeats, count);
    const stamps = course.times.stamp(given, count - repeats, wall, next, spec.inputs.late === 'take');
    return {
      record: { kind: 'steps', first: next, t: stamps, x: fresh, targets: freshTargets },
      last,
      asker,
    };
  }

  /** Numbers a step. One whose key came before has no effect, and is acknowledged again. */
  private append(command: CommandOf<'append'>, course: Course): Change | null {
    const { spec, wall, counters, limits } = this.parts;
    const { x, targets, t, key, asker } = command;
    const seq = course.seq + 1;
    checkBlock(spec, { first: seq, x, said: 1 }, seq, 1);
    if (targets) checkTargets(spec, targets, 1);
    const checksum = key === null ? 0 : checksumOf(x, targets, t);
    const before = key === null ? null : course.keys.find(key, checksum);
    if (before !== null) {
      counters.stepsRepeated++;
      asker.seq = before;
      return { record: null, last: before, asker };
    }
    const keys = key === null ? null : ([[key, checksum, 0]] as const);
    if (this.readings) return this.readings.take(command, keys, course, wall);
    this.checkCredit(seq, limits.pendingAppends);
    const stamp = t === null ? null : Float64Array.of(t);
    const stamps = course.times.stamp(stamp, 1, wall, seq, spec.inputs.late === 'take');
    asker.seq = seq;
    return { record: { kind: 'steps', first: seq, t: stamps, x, targets, keys }, last: seq, asker };
  }

  private flush({ asker }: CommandOf<'flush'>, course: Course): Change {
    return this.readings?.flush(course, asker) ?? { record: null, last: course.seq, asker };
  }

  /** @throws EddyError `target-*`, `block-too-long`, `credit-exceeded` */
  private targets({ first, targets, asker }: CommandOf<'targets'>): Change {
    const { spec, blockSteps, acks, limits } = this.parts;
    checkLateTargets(spec, targets, blockSteps);
    if (acks.waiting >= limits.pendingAppends)
      throw new EddyError(
        'credit-exceeded',
        `${acks.waiting} requests wait until they are durable; the limit is ${limits.pendingAppends}`,
      );
    return { record: { kind: 'targets', first, targets }, last: -1, asker };
  }

  private checkCredit(last: number, most: number): void {
    const unacked = last - this.parts.acks.durableSeq;
    if (unacked > most)
      throw new EddyError(
        'credit-exceeded',
        `${unacked} steps would wait for their ack; the limit is ${most}`,
      );
  }
}

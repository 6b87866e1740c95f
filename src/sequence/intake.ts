/** Checks the commands to a sequence. The whole of a block is checked before any of it is accepted. */
import { EddyError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ModelSettings } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { checkBlock, checkLateTargets, checkRepeats, checkTargets } from './block-checks.js';
import type { Asker, Change } from './change.js';
import type { Course } from './course.js';
import { RecentSteps } from './recent-steps.js';
import { rows } from './rows-of.js';
import type { SequenceCounters } from './sequence-counters.js';

/** A command to a sequence: a change, or a checkpoint now. */
export type Command = ChangeCommand | { readonly kind: 'checkpoint'; readonly asker: Asker };

/** A command that becomes a change. */
export type ChangeCommand =
  | {
      readonly kind: 'steps';
      /** Number of the first step. */
      readonly first: number;
      /** [T,B,F]; NaN is missing. */
      readonly x: Float32Array;
      /** [T,B,M], for a supervised task. */
      readonly targets: Float32Array | null;
      /** T, according to the producer. */
      readonly count: number;
      readonly asker: Asker;
    }
  /** Targets [T,B,M] of earlier steps, from number `first` on. */
  | {
      readonly kind: 'targets';
      readonly first: number;
      readonly targets: Float32Array;
      readonly asker: Asker;
    }
  | ({ readonly kind: 'configure'; readonly asker: Asker } & ModelSettings)
  | { readonly kind: 'reset'; readonly what: 'state' | 'weights'; readonly asker: Asker };

type CommandOf<K extends ChangeCommand['kind']> = Extract<ChangeCommand, { kind: K }>;

/** Tells the asker that a command is refused. */
export function refuse(command: Command, error: EddyError): void {
  command.asker.refused([{ error, seq: 'first' in command ? command.first : null, count: null }]);
}

export interface IntakeParts {
  readonly spec: ModelSpec;
  /** The most steps of one block. */
  readonly blockSteps: number;
  readonly limits: Pick<Limits, 'unackedSteps'>;
  readonly log: SequenceStore;
  /** How far the steps are durable. */
  readonly acks: { readonly durableSeq: number };
  readonly newEpoch: () => string;
  readonly counters: SequenceCounters;
  /** Are all steps of the log in memory? */
  readonly isNew: boolean;
}

export class Intake {
  /** Numbers in a step, B * F. */
  private readonly stepSize: number;
  private readonly recent: RecentSteps;
  /** Does `recent` hold the last steps as far as the log has them? */
  private knowsRecent: boolean;

  constructor(private readonly parts: IntakeParts) {
    const { spec, limits, isNew } = parts;
    this.stepSize = spec.batch * spec.features;
    this.recent = new RecentSteps(this.stepSize, limits.unackedSteps);
    this.knowsRecent = isNew;
  }

  /** Drops steps that can be read back from the log. */
  forget(): void {
    this.recent.clear();
    this.knowsRecent = false;
  }

  /** Turns a command into a change. @throws EddyError if it is refused; then nothing has been accepted */
  take(command: ChangeCommand, course: Course): Change {
    switch (command.kind) {
      case 'steps':
        return this.steps(command, course.seq + 1);
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
  private steps({ first, x, targets, count: said, asker }: CommandOf<'steps'>, next: number): Change {
    const { spec, blockSteps, counters } = this.parts;
    const count = checkBlock(spec, { first, x, said }, next, blockSteps);
    const last = first + count - 1;
    this.checkCredit(last);
    if (targets) checkTargets(spec, targets, count);
    const repeats = Math.min(count, next - first);
    if (repeats > 0) this.checkRepeats(first, x, repeats);
    counters.stepsRepeated += repeats;
    if (repeats === count) return { record: null, last, asker };
    const fresh = rows(x, this.stepSize, repeats, count);
    const freshTargets = targets && rows(targets, targets.length / count, repeats, count);
    this.recent.add(next, fresh);
    return { record: { kind: 'steps', first: next, x: fresh, targets: freshTargets }, last, asker };
  }

  /** @throws EddyError `target-*`, `block-too-long` */
  private targets({ first, targets, asker }: CommandOf<'targets'>): Change {
    const { spec, blockSteps } = this.parts;
    checkLateTargets(spec, targets, blockSteps);
    return { record: { kind: 'targets', first, targets }, last: -1, asker };
  }

  private checkCredit(last: number): void {
    const { limits, acks } = this.parts;
    const unacked = last - acks.durableSeq;
    if (unacked > limits.unackedSteps)
      throw new EddyError(
        'credit-exceeded',
        `${unacked} steps would wait for their ack; the limit is ${limits.unackedSteps}`,
      );
  }

  private checkRepeats(first: number, x: Float32Array, repeats: number): void {
    if (!this.knowsRecent && !this.recent.read(first)) this.recall();
    checkRepeats(this.recent, first, x, this.stepSize, repeats);
  }

  /** Reads the last steps back from the log, once after waking. */
  private recall(): void {
    const { log } = this.parts;
    this.knowsRecent = true;
    for (const { record } of log.records(log.oldest))
      if (record.kind === 'steps') this.recent.add(record.first, record.x);
  }
}

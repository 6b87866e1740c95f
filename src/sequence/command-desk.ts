/** Carries out the commands to one sequence, or refuses them: whoever asked hears of either. */
import { EddyError } from '../errors.js';
import type { Pieces } from '../math/pieces.js';
import { outputsOf } from '../rnn/spec/spec.js';
import type { Course } from './course.js';
import { type Command, isChange, refuse } from './intake.js';
import type { Life } from './life.js';
import type { putTogether } from './put-together.js';
import type { CommandLane } from './work/command-lane.js';

export interface CommandDeskParts {
  readonly life: Life;
  readonly own: ReturnType<typeof putTogether>;
  readonly lane: CommandLane;
  /** Why it failed or ended; null while it goes on. */
  readonly failure: () => EddyError | null;
  /** @throws EddyError why it cannot change */
  readonly checkReady: () => void;
  readonly onFault: (error: unknown) => void;
}

export class CommandDesk {
  /** Was the command under way answered? */
  isAnswered = false;

  constructor(private readonly parts: CommandDeskParts) {}

  /** Begins a command. Wakes the sequence, if the command does not leave a sleeping one alone. */
  begin(command: Command): void {
    const { life, lane } = this.parts;
    this.isAnswered = false;
    const leavesAsleep =
      command.kind === 'sleep' || command.kind === 'keep' || (command.kind === 'look' && command.isIdle);
    if (life.course || leavesAsleep) this.perform(command);
    else lane.underWay.begin(this.wakeFor(command));
  }

  /** A command is done. One that was not answered, because the sequence failed or ended meanwhile, is refused. */
  done(command: Command): void {
    const { life, own } = this.parts;
    const failure = this.parts.failure();
    if (failure) {
      if (!this.isAnswered) refuse(command, failure);
    } else if (isChange(command)) own.closing.put(own.schema(), own.intake.pending);
    else if (command.kind !== 'checkpoint' && !this.isAnswered) command.asker.durable(life.seq);
  }

  /** Gives nearly how many multiply-adds a command costs. */
  costOf(command: Command): number {
    const { course } = this.parts.life;
    if (!course) return 0;
    const { stepCost, spec } = course.model;
    if (command.kind === 'steps') return stepCost * command.count;
    if (command.kind === 'targets')
      return (stepCost * command.targets.length) / (spec.batch * outputsOf(spec));
    return command.kind === 'append' ? stepCost : 0;
  }

  private *wakeFor(command: Command): Pieces {
    try {
      this.check(command);
      yield* this.parts.life.wake();
    } catch (error) {
      return this.refuse(command, error);
    }
    this.perform(command);
  }

  private perform(command: Command): void {
    const { life, own, lane } = this.parts;
    const { course } = life;
    const isWell = this.parts.failure() === null;
    if (command.kind === 'sleep') lane.underWay.begin(life.fallAsleep(command.reason, isWell));
    else if (command.kind === 'keep') {
      if (course && isWell) own.checkpoints.make(course);
    } else
      try {
        this.check(command);
        if (command.kind === 'checkpoint') own.checkpoints.ask(course!, command.asker);
        else if (command.kind === 'look' && course) lane.beside(this.look(command, course));
        else if (isChange(command)) life.change(command);
      } catch (error) {
        this.refuse(command, error);
      }
  }

  /** What fails while one looks at a model is no fault of the sequence. */
  private *look(command: Extract<Command, { kind: 'look' }>, course: Course): Pieces {
    try {
      const pieces = command.look(course);
      if (pieces) yield* pieces;
    } catch (error) {
      if (!(error instanceof EddyError)) this.parts.onFault(error);
      this.refuse(
        command,
        error instanceof EddyError
          ? error
          : new EddyError('sequence-failed', `it could not be looked at: ${error}`, { cause: error }),
      );
    }
  }

  /** @throws EddyError why the sequence cannot do this */
  private check({ kind }: Command): void {
    const failure = this.parts.failure();
    if (failure) throw failure;
    if (kind !== 'look' && kind !== 'wake') this.parts.checkReady();
  }

  private refuse(command: Command, error: unknown): void {
    if (!(error instanceof EddyError)) throw error;
    this.isAnswered = true;
    refuse(command, error);
  }
}

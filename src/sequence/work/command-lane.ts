/**
 * The commands to one sequence, one at a time and in order. What is quick is done at once; what takes long goes on in
 * slices, and the commands behind it wait for it, as do those that come from within another.
 */
import type { Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { Pieces } from '../../math/pieces.js';
import { type Command, refuse } from '../intake.js';
import type { FairTurns, Job, Kind } from './fair-turns.js';
import { UnderWay } from './under-way.js';

export interface CommandLaneParts {
  readonly turns: FairTurns;
  /** The most steps that may wait here. */
  readonly steps: number;
  /** The most commands that may wait here. */
  readonly commands: number;
  /** Begins a command: what is not done then is under way. */
  readonly begin: (command: Command) => void;
  /** A command is done. */
  readonly done: (command: Command) => void;
  /** Gives nearly how many multiply-adds a command costs. */
  readonly costOf: (command: Command) => number;
  readonly onFault: (fault: unknown) => void;
}

export class CommandLane implements Job {
  kind: Kind = 'steps';
  readonly underWay: UnderWay;
  private readonly waiting: Command[] = [];
  private waitingSteps = 0;
  private current: Command | null = null;
  private isActing = false;
  private job: Subscription | null = null;

  constructor(private readonly parts: CommandLaneParts) {
    this.underWay = new UnderWay(parts.turns.pieceWork);
  }

  /** For whom its next piece is done. */
  get owner(): object {
    return (this.current ?? this.waiting[0])?.asker.owner ?? this;
  }

  /** Is a command under way, or waiting? */
  get isBusy(): boolean {
    return this.isActing || this.current !== null || this.waiting.length > 0;
  }

  /** Takes a command, or refuses it where too many are waiting. */
  add(command: Command): void {
    if (!this.isBusy && this.mayActNow(command)) return this.act(command);
    const full = this.fullFor(command);
    if (full) return refuse(command, full);
    if (command.kind === 'steps') this.waitingSteps += command.count;
    this.waiting.push(command);
    if (!this.isActing) this.goOnLater();
  }

  /** Does the next piece, and gives what it cost; null where nothing is left to do. */
  piece(): number | null {
    this.isActing = true;
    try {
      if (this.current) {
        const cost = this.underWay.next();
        this.settle();
        return cost;
      }
      const command = this.next();
      if (!command) return this.rest();
      const cost = this.parts.costOf(command);
      this.begin(command);
      return this.underWay.isEmpty ? cost : 0;
    } catch (fault) {
      this.underWay.drop();
      this.parts.onFault(fault);
      this.settle();
      return 0;
    } finally {
      this.isActing = false;
    }
  }

  /** Does something beside the steps, which wait for it. */
  beside(pieces: Pieces): void {
    this.underWay.begin(this.asBeside(pieces));
  }

  private *asBeside(pieces: Pieces): Pieces {
    this.kind = 'beside';
    try {
      yield* pieces;
    } finally {
      this.kind = 'steps';
    }
  }

  /** Does all that is left of the command under way. */
  finishCurrent(): void {
    while (this.current && !this.isActing) this.piece();
  }

  /** Refuses all that has not been done. */
  end(reason: EddyError): void {
    this.job?.unsubscribe();
    this.job = null;
    const { current } = this;
    this.current = null;
    this.underWay.drop();
    if (current) this.parts.done(current);
    for (let command = this.next(); command; command = this.next()) refuse(command, reason);
  }

  private act(first: Command): void {
    this.isActing = true;
    try {
      for (let command: Command | undefined = first; command; command = this.next()) {
        this.begin(command);
        while (this.current) {
          if (!this.parts.turns.mayActNow(this.underWay.most)) return this.goOnLater();
          this.underWay.next();
          this.settle();
        }
        const [next] = this.waiting;
        if (next && !this.mayActNow(next)) return this.goOnLater();
      }
    } catch (fault) {
      this.underWay.drop();
      this.parts.onFault(fault);
      this.settle();
      if (this.waiting.length > 0) this.goOnLater();
    } finally {
      this.isActing = false;
    }
  }

  private mayActNow(command: Command): boolean {
    const { turns, costOf } = this.parts;
    return turns.mayActNow(Math.min(costOf(command), this.underWay.most));
  }

  private begin(command: Command): void {
    this.current = command;
    this.parts.begin(command);
    this.settle();
  }

  /** The command under way is done once nothing of it is left. */
  private settle(): void {
    const { current } = this;
    if (!current || !this.underWay.isEmpty) return;
    this.current = null;
    this.parts.done(current);
  }

  private next(): Command | undefined {
    const command = this.waiting.shift();
    if (command?.kind === 'steps') this.waitingSteps -= command.count;
    return command;
  }

  private goOnLater(): void {
    this.job ??= this.parts.turns.add(this);
  }

  private rest(): null {
    this.job = null;
    return null;
  }

  /** What is waiting counts as unacknowledged. */
  private fullFor(command: Command): EddyError | null {
    const { steps, commands } = this.parts;
    const more = command.kind === 'steps' ? command.count : 0;
    if (more > 0 && this.waitingSteps + more > steps)
      return new EddyError(
        'credit-exceeded',
        `${this.waitingSteps + more} steps would wait; the limit is ${steps}`,
      );
    if (this.waiting.length < commands) return null;
    return new EddyError('credit-exceeded', `${commands} commands to this sequence are waiting already`);
  }
}

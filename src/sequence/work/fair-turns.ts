/**
 * The processor, shared out. Whatever takes longer than a moment goes on in slices of a few milliseconds, one in each turn
 * of the event loop, so that all that is quick gets its turn in between. The slices go round: between steps and all that
 * happens beside them, then between those who ask, then between the sequences of one of them.
 */
import { Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import { PIECE } from '../../math/pieces.js';
import { Round } from './round.js';

/** Steps, and what they cause; or what happens beside them: opening, waking, saving, the past, lists. */
export type Kind = 'steps' | 'beside';

/** Work of one sequence, or one request. */
export interface Job {
  /** It may change from piece to piece. */
  readonly kind: Kind;
  /** For whom it is done: a socket. */
  readonly owner: object;
  /** Does a piece, and gives what it cost in multiply-adds; null where there is no more to do. */
  piece(): number | null;
}

/** How finely long work is cut. */
export interface Grain {
  /** A slice is over after so many multiply-adds, or so many milliseconds. */
  readonly work: number;
  readonly ms: number;
  /** What one piece may cost. */
  readonly piece: number;
}

export interface FairTurnsParts {
  readonly grain?: Grain;
  readonly clock: Pick<Clock, 'monotonic' | 'nextTurn'>;
  /** Told of every slice: how long it took, and how long it had waited for its turn, in milliseconds. */
  readonly onSlice?: (kind: Kind, ms: number, waitedMs: number) => void;
  /** What a piece throws; the job is over then. */
  readonly onFault: (error: unknown) => void;
}

const GRAIN: Grain = { work: 2 ** 24, ms: 4, piece: PIECE };
/** How the slices are shared out where both are wanted. */
const SHARES: Readonly<Record<Kind, number>> = { steps: 7, beside: 3 };
const KINDS = ['steps', 'beside'] as const;
/** The most jobs of what happens beside the steps, in all and for one owner. */
const MOST_BESIDE = 20_000;
const MOST_BESIDE_OF_ONE = 512;

interface Waiting {
  readonly job: Job;
  readonly work: Subscription;
  /** Since when, by the monotonic clock. */
  since: number;
}

/** The jobs of one owner. */
class Asking {
  readonly jobs = new Round<Waiting>();

  constructor(readonly owner: object) {}
}

/** Everybody who asks for one kind of work. */
class Share {
  readonly askers = new Round<Asking>();
  readonly byOwner = new Map<object, Asking>();
  /** The work done so far, over its share. */
  done = 0;

  add(waiting: Waiting): void {
    const { owner } = waiting.job;
    let asking = this.byOwner.get(owner);
    if (!asking) {
      asking = new Asking(owner);
      this.byOwner.set(owner, asking);
      this.askers.add(asking);
    }
    asking.jobs.add(waiting);
  }
}

export class FairTurns {
  private readonly shares: Readonly<Record<Kind, Share>> = { steps: new Share(), beside: new Share() };
  private readonly besideOf = new Map<object, number>();
  private beside = 0;
  private turn = Subscription.EMPTY;
  private isPlanned = false;
  /** When this turn's quick work began; null before any. */
  private quickSince: number | null = null;
  private quickWork = 0;

  private readonly grain: Grain;

  constructor(private readonly parts: FairTurnsParts) {
    this.grain = parts.grain ?? GRAIN;
  }

  /** What one piece may cost. */
  get pieceWork(): number {
    return this.grain.piece;
  }

  /** How many jobs wait that are not steps. */
  get waitingBeside(): number {
    return this.beside;
  }

  /**
   * Begins a job: its first slice is in the next turn of the event loop at the earliest. To unsubscribe gives it up.
   *
   * @throws EddyError `overloaded` where too much is waiting that is not steps
   */
  add(job: Job): Subscription {
    const work = new Subscription();
    if (job.kind === 'beside') this.count(job.owner, work);
    this.enter({ job, work, since: this.parts.clock.monotonic() });
    return work;
  }

  /**
   * May work be done at once, in this turn? What is quick does not wait; but all quick work of a turn together must not be
   * long either.
   */
  mayActNow(work: number): boolean {
    if (work > this.grain.work) return false;
    const { clock } = this.parts;
    if (this.quickSince === null) {
      this.quickSince = clock.monotonic();
      this.quickWork = 0;
      clock.nextTurn(() => {
        this.quickSince = null;
      });
    }
    this.quickWork += work;
    if (this.quickWork <= this.grain.work) return true;
    // counted work is an upper bound: the clock knows how long it really took
    if (clock.monotonic() - this.quickSince >= this.grain.ms) return false;
    this.quickWork = work;
    return true;
  }

  end(): void {
    this.turn.unsubscribe();
    this.isPlanned = true;
  }

  private count(owner: object, work: Subscription): void {
    const ofOne = this.besideOf.get(owner) ?? 0;
    if (this.beside >= MOST_BESIDE || ofOne >= MOST_BESIDE_OF_ONE)
      throw new EddyError(
        'overloaded',
        `${ofOne >= MOST_BESIDE_OF_ONE ? `${ofOne} requests of this socket` : `${this.beside} requests`} are waiting already; try again later`,
      );
    this.beside++;
    this.besideOf.set(owner, ofOne + 1);
    work.add(() => {
      this.beside--;
      const left = this.besideOf.get(owner)! - 1;
      if (left > 0) this.besideOf.set(owner, left);
      else this.besideOf.delete(owner);
    });
  }

  private enter(waiting: Waiting): void {
    const { steps, beside } = this.shares;
    const share = this.shares[waiting.job.kind];
    // who comes back has no claim on what it did not ask for
    if (share.askers.isEmpty) share.done = Math.max(share.done, (share === steps ? beside : steps).done);
    share.add(waiting);
    this.plan();
  }

  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    this.turn = this.parts.clock.nextTurn(() => {
      this.isPlanned = false;
      this.slice();
      if (KINDS.some((kind) => !this.shares[kind].askers.isEmpty)) this.plan();
    });
  }

  /** Does a slice for the one whose turn it is. */
  private slice(): void {
    const { steps, beside } = this.shares;
    const isSteps = beside.askers.isEmpty || (!steps.askers.isEmpty && steps.done <= beside.done);
    const kind = isSteps ? 'steps' : 'beside';
    const share = this.shares[kind];
    const asking = share.askers.next(this.grain.work);
    const waiting = asking?.jobs.next(this.grain.work);
    if (!asking || !waiting) return;
    const { clock, onSlice } = this.parts;
    const began = clock.monotonic();
    const { spent, isOver } = this.run(waiting, began);
    const ended = clock.monotonic();
    // other kinds of work have queues of their own
    const hasMoved = !isOver && waiting.job.kind !== kind;
    asking.jobs.spend(spent, isOver || hasMoved);
    share.done += spent / SHARES[kind];
    const isIdle = asking.jobs.isEmpty;
    share.askers.spend(spent, isIdle);
    if (isIdle) share.byOwner.delete(asking.owner);
    onSlice?.(kind, ended - began, began - waiting.since);
    waiting.since = ended;
    if (isOver) waiting.work.unsubscribe();
    else if (hasMoved) this.enter(waiting);
  }

  private run({ job, work }: Waiting, began: number): { spent: number; isOver: boolean } {
    const { clock, onFault } = this.parts;
    let spent = 0;
    try {
      while (!work.closed) {
        const cost = job.piece();
        if (cost === null) return { spent, isOver: true };
        spent += cost + PIECE_COST;
        if (spent >= this.grain.work || clock.monotonic() - began >= this.grain.ms)
          return { spent, isOver: work.closed };
      }
    } catch (fault) {
      onFault(fault);
    }
    return { spent, isOver: true };
  }
}

/** What a piece costs beside what it counts. */
const PIECE_COST = 1;

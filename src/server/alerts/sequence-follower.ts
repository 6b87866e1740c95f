/**
 * Follows the sequences that rules are meant for. It judges steps when they are durable, so that no notice is of a step that
 * never was, and keeps where it stands together with what it told, so that each start and each end is told once.
 */
import { type Observable, Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import type { Directory } from '../../sequence/directory.js';
import { type Change, Followed } from './followed.js';
import { Judge, type Stand, standAt } from './rule-judge.js';
import type { SequenceRules } from './sequence-rules.js';

export interface FollowerParts {
  readonly directory: Directory;
  /** The names of sequences that wake, new ones included. */
  readonly woken$: Observable<string>;
  /** The names of sequences that are deleted. */
  readonly removed$: Observable<string>;
  readonly clock: Clock;
  readonly rules: SequenceRules;
  /** Where the rules stood when the server stopped. */
  readonly stands: ReadonlyMap<string, Stand>;
  /** Takes what is to be told of a sequence, together with where its rules stand; null when it is gone. */
  readonly keep: (changes: readonly Change[]) => void;
  readonly onFault: (error: unknown) => void;
}

/** The most sequences that are followed, and how many are listed at once. */
const MOST = 10_000;
const LISTED = 1000;
/** Milliseconds for which steps gather, between two looks at the time, and after which a stand is kept. */
const [GATHER_MS, LOOK_MS, KEEP_MS] = [20, 1000, 5000];
/** How many steps are judged, and stands kept, in one turn. */
const [STEPS, KEPT] = [5000, 200];
/** No event of a step that was there before the rules were. */
const ALL_EVENTS = Number.MAX_SAFE_INTEGER;

export class Follower {
  /** Sequences that were left out, since there are too many. */
  leftOut = 0;
  private readonly followed = new Map<string, Followed>();
  private readonly open = new Subscription();
  private readonly startedAt: number;
  private readonly startedMono: number;
  private pumping: Subscription | null = null;
  /** Is it known which sequences were there at the start? */
  private isListed = false;
  /** Those of which steps wait to be judged. */
  private readonly heard = new Set<Followed>();

  constructor(private readonly parts: FollowerParts) {
    this.startedAt = parts.clock.wall();
    this.startedMono = parts.clock.monotonic();
  }

  /**
   * Milliseconds since 1970, by the clock of the start and what has passed since: a clock that is set does not make a sequence silent.
   * What it keeps by it is understood after a restart.
   */
  private get now(): number {
    return this.startedAt + this.parts.clock.monotonic() - this.startedMono;
  }

  get size(): number {
    return this.followed.size;
  }

  /** Begins with the sequences that are there; the rules apply to what comes from now on, or from where they stood. */
  start(): void {
    const { parts, open } = this;
    open.add(
      parts.woken$.subscribe((name) =>
        open.add(parts.clock.nextTurn(() => this.follow(name, this.isListed ? -1 : null))),
      ),
    );
    open.add(parts.removed$.subscribe((name) => this.remove(name)));
    this.list('');
    const look = () => {
      this.look();
      open.add(parts.clock.background.schedule(look, LOOK_MS));
    };
    open.add(parts.clock.background.schedule(look, LOOK_MS));
  }

  /** Judges what is durable, and keeps where all rules stand. */
  end(): void {
    this.open.unsubscribe();
    this.pumping?.unsubscribe();
    for (const one of this.heard) while (one.judgeSome(STEPS, this.now) > 0);
    this.keep([...this.followed.values()].filter((one) => one.isChanged));
    for (const one of this.followed.values()) one.release();
  }

  private list(after: string): void {
    const listed$ = this.parts.directory.list({ after, limit: LISTED, covers: null, asker: this });
    this.open.add(
      listed$.subscribe({
        next: ({ sequences, more }) => {
          for (const { sequence, seq, epoch, awake } of sequences) this.meet(sequence, seq, epoch, awake);
          if (more) this.list(sequences.at(-1)!.sequence);
          else {
            this.isListed = true;
            this.forgetMissing();
          }
        },
        error: this.parts.onFault,
      }),
    );
  }

  /** Meets a sequence that was there when the server started. */
  private meet(name: string, seq: number | undefined, epoch: string | undefined, isAwake: boolean): void {
    const stand = this.parts.stands.get(name);
    if (seq === undefined || epoch === undefined) return this.follow(name, null);
    const one = this.enter(name, stand ? structuredClone(stand) : standAt(epoch, seq, ALL_EVENTS));
    if (one && (isAwake || stand?.seq !== seq || stand.epoch !== epoch)) this.follow(name, null);
  }

  /** The stands of sequences that are gone are of no use. */
  private forgetMissing(): void {
    const missing = [...this.parts.stands.keys()].filter((name) => !this.followed.has(name));
    this.parts.keep(missing.map((sequence) => ({ sequence, stand: null, alerted: [] })));
  }

  private enter(name: string, stand: Stand): Followed | null {
    const known = this.followed.get(name);
    if (known) return known;
    const rules = this.parts.rules.of(name);
    if (rules.length === 0) return null;
    if (this.followed.size >= MOST) {
      this.leftOut++;
      return null;
    }
    const one = new Followed(name, new Judge(rules, stand, this.startedAt), rules);
    this.followed.set(name, one);
    return one;
  }

  /** @param from the step after which the rules apply to a sequence that is not known; null for its last one */
  private follow(name: string, from: number | null): void {
    if (this.followed.get(name)?.isOpen || this.parts.rules.of(name).length === 0) return;
    const { directory } = this.parts;
    this.open.add(
      directory.get(name, this).subscribe({
        next: (handle) => {
          const event = from === null ? ALL_EVENTS : -1;
          const one = this.enter(name, standAt(handle.epoch, from ?? handle.seq, event));
          if (!one || one.isOpen) return;
          one.open(handle, () => {
            this.heard.add(one);
            this.pumping ??= this.parts.clock.background.schedule(() => this.pump(), GATHER_MS);
          });
        },
        // it went again
        error: (error) => {
          if (error?.code !== 'sequence-unknown') this.parts.onFault(error);
        },
      }),
    );
  }

  private remove(name: string): void {
    const one = this.followed.get(name);
    if (!one) return;
    one.remove(this.now);
    this.heard.delete(one);
    this.keep([one]);
  }

  /** Judges the durable steps that have gathered, a part of them in each turn. */
  private pump(): void {
    this.pumping = null;
    const { clock } = this.parts;
    const { now } = this;
    let left = STEPS;
    const changed: Followed[] = [];
    for (const one of [...this.heard]) {
      if (left <= 0) break;
      // those that go on come last in the next turn
      this.heard.delete(one);
      left -= one.judgeSome(left, now);
      if (one.hasTurned) changed.push(one);
      if (one.hasMore) this.heard.add(one);
    }
    this.keep(changed);
    if (this.heard.size === 0) return;
    if (left <= 0) this.pumping = clock.nextTurn(() => this.pump());
    else this.pumping = clock.background.schedule(() => this.pump(), GATHER_MS);
  }

  private look(): void {
    const now = this.now;
    const due: Followed[] = [];
    for (const one of this.followed.values()) {
      one.tick(now);
      if (one.hasTurned || (due.length < KEPT && one.isChanged && now - one.keptAt >= KEEP_MS)) due.push(one);
    }
    this.keep(due);
  }

  private keep(changed: readonly Followed[]): void {
    const now = this.now;
    if (changed.length === 0) return;
    this.parts.keep(changed.map((one) => one.take(now)));
    for (const one of changed) if (one.isGone) this.followed.delete(one.name);
  }
}

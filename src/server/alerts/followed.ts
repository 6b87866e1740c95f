/** A sequence that rules are meant for: what was told of its steps, until they are durable and judged. */
import { Subscription } from 'rxjs';
import type { SequenceHandle } from '../../sequence/handle.js';
import type { Told } from '../../sequence/results/told-steps.js';
import { IntervalWatch } from './interval-watch.js';
import type { Alerted, Judge, Stand } from './rule-judge.js';
import type { Rule } from './rule-schema.js';

/** What is to be told of a sequence, and where its rules then stand; null when it is gone. */
export interface Change {
  readonly sequence: string;
  readonly stand: Stand | null;
  readonly alerted: readonly Alerted[];
}

export class Followed {
  /** Was it removed? */
  isGone = false;
  /** Does it stand elsewhere than the journal says? */
  isChanged = true;
  keptAt = Number.NEGATIVE_INFINITY;
  private isAsleep = false;
  private told: Told[] = [];
  private handle: SequenceHandle | null = null;
  private subscription = Subscription.EMPTY;

  constructor(
    readonly name: string,
    private readonly judge: Judge,
    private readonly rules: readonly Rule[],
  ) {}

  get isOpen(): boolean {
    return !this.subscription.closed;
  }

  get hasTurned(): boolean {
    return this.judge.hasTurned;
  }

  /** Does anything wait to be judged? */
  get hasMore(): boolean {
    return this.told.length > 0;
  }

  /** @param onTold called when there is something to judge */
  open(handle: SequenceHandle, onTold: () => void): void {
    const { stand } = this.judge;
    const { spec, schema } = handle;
    this.handle = handle;
    this.judge.intervals = new Map(
      this.rules.flatMap((rule) =>
        rule.on === 'outside' ? [[rule, new IntervalWatch(spec, schema, rule.fields ?? null)] as const] : [],
      ),
    );
    // a history that lost its end, or is another one, is judged from there on
    const isSame = stand.epoch === handle.epoch;
    if (!isSame || stand.seq > handle.seq) {
      stand.seq = Math.min(stand.seq, handle.seq);
      if (handle.event !== null) stand.event = Math.min(stand.event, handle.event);
    }
    this.subscription = handle.told({ seq: stand.seq, event: stand.event }).subscribe({
      next: (told) => {
        for (const one of told) this.told.push(one);
        onTold();
      },
      error: () => this.release(),
    });
  }

  /** Judges up to about so many steps that are durable; gives how many. */
  judgeSome(most: number, now: number): number {
    const { told, handle } = this;
    const durable = handle?.durable ?? Number.POSITIVE_INFINITY;
    let done = 0;
    let steps = 0;
    for (; done < told.length && steps < most; done++) {
      const one = told[done]!;
      if (this.isOpen && lastOf(one) > durable) break;
      this.judge.hear(one, now);
      if (one.kind === 'event' && one.event.event === 'evicted') this.isAsleep = true;
      else if (one.kind === 'steps' || one.event.event === 'resumed') this.isAsleep = false;
      this.isChanged = true;
      steps += one.kind === 'steps' ? one.count : 1;
    }
    this.told = done === told.length ? [] : told.slice(done);
    // what sleeps tells nothing, and may leave the memory
    if (this.isAsleep && !this.hasMore) this.release();
    return steps;
  }

  /** The sequence was deleted. */
  remove(now: number): void {
    this.release();
    this.told = [];
    this.isGone = true;
    this.judge.end(now);
  }

  tick(now: number): void {
    this.judge.tick(now);
  }

  /** Gives what is to be told, and where the rules stand. */
  take(now: number): Change {
    this.isChanged = false;
    this.keptAt = now;
    // the kept stand must not change with what is judged later
    const stand = this.isGone ? null : structuredClone(this.judge.stand);
    return { sequence: this.name, stand, alerted: this.judge.take() };
  }

  release(): void {
    this.subscription.unsubscribe();
    this.handle = null;
  }
}

const lastOf = (told: Told): number => (told.kind === 'steps' ? told.seq + told.count - 1 : told.event.seq);

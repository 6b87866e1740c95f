/** Judges the steps of one sequence by its rules. What it knows is plain JSON, so that it goes on where it was after a restart. */
import type { Told, ToldSteps } from '../../sequence/results/told-steps.js';
import type { IntervalWatch } from './interval-watch.js';
import { nameOf, type Rule } from './rule-schema.js';
import { newStand, observe, type RuleStand, type Turn } from './rule-watch.js';

/** Where the rules of a sequence stand. */
export interface Stand {
  epoch: string;
  /** The last step, and the number of the last event, that were judged. */
  seq: number;
  event: number;
  /** The time of the newest step, and when the last one came, in milliseconds since 1970; null before the first. */
  time: number | null;
  came: number | null;
  /** Does an anomaly last, by the sequence's own events? */
  odd: boolean;
  /** Its health, and before it fell silent; null where it was never told. */
  health: string | null;
  before: string | null;
  /** The time of the last drift. */
  drift: number | null;
  /** By the name of the rule. */
  readonly rules: Record<string, RuleStand>;
  /** By the name of a rule on intervals: for each of the last steps a 1 if a value lay outside, else 0. */
  readonly outside: Record<string, string>;
}

/** A start or an end of an alert. */
export interface Alerted extends Turn {
  readonly rule: string;
  readonly on: Rule['on'];
  readonly seq: number;
  readonly epoch: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export const standAt = (epoch: string, seq: number, event: number): Stand => ({
  epoch,
  seq,
  event,
  time: null,
  came: null,
  odd: false,
  health: null,
  before: null,
  drift: null,
  rules: {},
  outside: {},
});

export class Judge {
  /** The turns that were not taken yet. */
  private turns: Alerted[] = [];
  /** The step that is judged, or was last. */
  private seq: number;

  /** @param rules those that are meant for the sequence */
  constructor(
    private readonly rules: readonly Rule[],
    readonly stand: Stand,
    /** When the server started. */
    private readonly startedAt: number,
    /** Compare values with their forecasts, for each rule that needs it. */
    public intervals: ReadonlyMap<Rule, IntervalWatch> = new Map(),
  ) {
    this.seq = stand.seq;
  }

  /** The sequence is gone: what lasts is over. */
  end(now: number): void {
    for (const rule of this.rules) {
      const of = this.of(rule);
      if (of.on) this.turn(rule, observe(of, { for: 0, clear: 0 }, now, false, true), { reason: 'removed' });
    }
  }

  get hasTurned(): boolean {
    return this.turns.length > 0;
  }

  /** Gives the turns since the last call, in order. */
  take(): Alerted[] {
    const { turns } = this;
    this.turns = [];
    return turns;
  }

  /** @param now when it came, in milliseconds since 1970 */
  hear(told: Told, now: number): void {
    if (told.kind === 'steps') this.hearSteps(told, now);
    else this.hearEvent(told.event, now);
  }

  /** Time has passed, whether steps came or not. */
  tick(now: number): void {
    const { stand } = this;
    for (const rule of this.rules) {
      if (rule.on === 'silence') {
        const last = rule.by === 'arrival' ? stand.came : stand.time;
        // nothing could come while the server did not run
        if (last === null || now - Math.max(last, this.startedAt) < rule.for) continue;
        const of = this.of(rule);
        of.since = of.on ? null : last;
        if (!of.on) this.turn(rule, observe(of, rule, now, true, false), { quietMs: now - last });
      } else if (rule.on === 'health' && stand.health === 'silent') this.judgeHealth(rule, now);
    }
  }

  private hearSteps(steps: ToldSteps, now: number): void {
    const { stand } = this;
    if (steps.epoch !== stand.epoch) {
      stand.epoch = steps.epoch;
      for (const watch of this.intervals.values()) watch.forget();
    }
    if (stand.health === 'silent') stand.health = stand.before;
    for (let i = 0; i < steps.count; i++) {
      const t = steps.t[i]!;
      const time = Number.isNaN(t) ? now : t;
      stand.seq = this.seq = steps.seq + i;
      // a step that comes late does not turn the time back
      stand.time = Math.max(stand.time ?? time, time);
      stand.came = now;
      for (const rule of this.rules) this.judge(rule, steps, i, stand.time, now);
    }
  }

  private judge(rule: Rule, steps: ToldSteps, i: number, time: number, now: number): void {
    const { stand } = this;
    const of = this.of(rule);
    if (rule.on === 'anomaly') {
      if (rule.level === undefined) return this.turn(rule, observe(of, rule, time, stand.odd, !stand.odd));
      const score = steps.anomaly[i]!;
      if (Number.isNaN(score)) return;
      const { level, endLevel = level } = rule;
      this.turn(rule, observe(of, rule, time, score >= level, score < endLevel, score), { score });
    } else if (rule.on === 'health') this.judgeHealth(rule, time);
    else if (rule.on === 'drift') this.judgeDrift(rule, time);
    else if (rule.on === 'outside') {
      const found = this.intervals.get(rule)?.take(steps, i);
      if (!found) return;
      const ring = `${stand.outside[nameOf(rule)] ?? ''}${found.isOutside ? 1 : 0}`.slice(-rule.of);
      stand.outside[nameOf(rule)] = ring;
      const times = ring.split('1').length - 1;
      const { endTimes = Math.floor(rule.times / 2) } = rule;
      const lasting = { for: 0, clear: 0 };
      const turn = observe(of, lasting, time, times >= rule.times, times <= endTimes, times);
      this.turn(rule, turn, { times, of: ring.length, ...(found.worst && { worst: found.worst }) });
    } else {
      const isLate = rule.by === 'event-time' && now - time >= rule.for;
      const at = rule.by === 'arrival' ? now : time;
      if (of.on) this.turn(rule, observe(of, { for: 0, clear: rule.clear }, at, false, !isLate));
    }
  }

  private hearEvent(
    { event, seq, t, number, detail, epoch }: Extract<Told, { kind: 'event' }>['event'],
    now: number,
  ): void {
    const { stand } = this;
    if (number !== undefined) stand.event = number;
    this.seq = seq;
    stand.seq = Math.max(stand.seq, seq);
    stand.epoch = epoch;
    const time = t ?? stand.time ?? now;
    if (event === 'anomaly' || event === 'anomaly-over') {
      stand.odd = event === 'anomaly';
      for (const rule of this.rules)
        if (rule.on === 'anomaly' && rule.level === undefined)
          this.turn(rule, observe(this.of(rule), rule, time, stand.odd, !stand.odd, scoreOf(detail)), detail);
    } else if (event === 'drift') {
      stand.drift = time;
      for (const rule of this.rules) if (rule.on === 'drift') this.judgeDrift(rule, time, detail);
    } else if (event === 'health' && typeof detail.to === 'string') {
      if (detail.to === 'silent') stand.before = stand.health;
      stand.health = detail.to;
      const at = detail.to === 'silent' ? now : time;
      for (const rule of this.rules) if (rule.on === 'health') this.judgeHealth(rule, at, detail);
    }
  }

  private judgeHealth(rule: Extract<Rule, { on: 'health' }>, time: number, detail = {}): void {
    const { health } = this.stand;
    if (health === null) return;
    const isBad = (rule.states as readonly string[]).includes(health);
    this.turn(rule, observe(this.of(rule), rule, time, isBad, !isBad), { health, ...detail });
  }

  private judgeDrift(rule: Extract<Rule, { on: 'drift' }>, time: number, detail = {}): void {
    const { drift } = this.stand;
    if (drift === null) return;
    const isRecent = time - drift < Math.max(1, rule.clear);
    this.turn(rule, observe(this.of(rule), { for: 0, clear: 0 }, time, isRecent, !isRecent), detail);
  }

  private of(rule: Rule): RuleStand {
    const { rules } = this.stand;
    rules[nameOf(rule)] ??= newStand();
    return rules[nameOf(rule)]!;
  }

  private turn(rule: Rule, turn: Turn | null, detail: Readonly<Record<string, unknown>> = {}): void {
    if (!turn) return;
    const { epoch } = this.stand;
    this.turns.push({ ...turn, rule: nameOf(rule), on: rule.on, seq: this.seq, epoch, detail });
  }
}

const scoreOf = ({ score }: Readonly<Record<string, unknown>>): number | null =>
  typeof score === 'number' ? score : null;

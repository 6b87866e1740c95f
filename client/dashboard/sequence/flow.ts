/** How fast a sequence goes, and how long the server takes to answer this page: a look each second. */
import { Ring } from '../charts/ring.js';

const LOOKS = 1800;
/** Round trips that the percentiles are taken of. */
const TRIPS = 60;

export interface Look {
  /** Milliseconds, on a clock that only goes forward. */
  readonly at: number;
  readonly step: number;
  readonly updates: number;
  readonly skipped: number;
  /** Milliseconds that a request took. */
  readonly trip: number;
}

export class Flow {
  readonly ring = new Ring(['step', 'steps', 'updates', 'p50', 'p99', 'skipped'], LOOKS);
  private before: Look | null = null;
  private trips: number[] = [];

  add(look: Look): void {
    this.trips = [...this.trips, look.trip].slice(-TRIPS);
    const { before, ring } = this;
    this.before = look;
    const seconds = before ? (look.at - before.at) / 1000 : 0;
    if (!before || seconds <= 0 || look.step < 0) return;
    const rate = (now: number, then: number) => Math.max(0, now - then) / seconds;
    const sorted = [...this.trips].sort((a, b) => a - b);
    const row: [number, number, number, number, number, number] = [
      look.step,
      rate(look.step, before.step),
      rate(look.updates, before.updates),
      percentile(sorted, 0.5),
      percentile(sorted, 0.99),
      look.skipped,
    ];
    const last = ring.total - 1;
    // a sequence that stands still has its newest look only
    if (ring.get('step', last) === look.step)
      for (const [i, name] of ring.names.entries()) ring.set(name, last, row[i] as number);
    else ring.append(...row);
  }
}

/** Nearest rank. */
const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;

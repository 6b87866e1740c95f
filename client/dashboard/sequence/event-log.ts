/** What happened to a sequence, and to this page's connection to it. */
import type { Results } from '../../sdk/index.js';
import { formatNumber } from '../charts/numbers.js';
import { COLOUR } from '../charts/palette.js';

type Kind = Results['events']['event'] | 'page-disconnected' | 'page-connected';

export interface LoggedEvent {
  readonly step: number;
  readonly kind: Kind;
  readonly words: string;
  readonly colour: number;
}

const MAX_EVENTS = 1000;

const COLOURS: Readonly<Record<Kind, number>> = {
  opened: COLOUR.first,
  resumed: COLOUR.first,
  idle: COLOUR.truth,
  evicted: COLOUR.truth,
  reset: COLOUR.fourth,
  configured: COLOUR.sixth,
  'learning-paused': COLOUR.sixth,
  'learning-resumed': COLOUR.sixth,
  checkpoint: COLOUR.third,
  anomaly: COLOUR.second,
  drift: COLOUR.fifth,
  damaged: COLOUR.second,
  failed: COLOUR.second,
  'page-disconnected': COLOUR.truth,
  'page-connected': COLOUR.truth,
};

export class EventLog {
  /** Oldest first. */
  list: readonly LoggedEvent[] = [];
  private readonly seen = new Set<string>();

  /** Notes an event of the server. Gives false for one that was told before. */
  add({ event, seq, epoch, detail }: Results['events']): boolean {
    const key = JSON.stringify([event, seq, epoch, detail]);
    // an event is told again after a broken connection; only marks of the series have numbers of their own
    if ((event === 'anomaly' || event === 'drift') && this.seen.has(key)) return false;
    this.seen.add(key);
    if (this.seen.size > MAX_EVENTS) this.seen.delete(this.seen.values().next().value as string);
    this.note(event, seq, detail);
    return true;
  }

  note(kind: Kind, step: number, detail: Readonly<Record<string, unknown>> = {}): void {
    const words = [
      kind.replace('-', ' '),
      ...Object.entries(detail).map(([name, value]) => `${name} ${said(value)}`),
    ].join(' · ');
    this.list = [...this.list, { step, kind, words, colour: COLOURS[kind] }].slice(-MAX_EVENTS);
  }
}

const said = (value: unknown) =>
  typeof value === 'number' ? formatNumber(value) : typeof value === 'string' ? value : JSON.stringify(value);

/** What happened to a sequence, and to this page's connection to it. */

import { durationWords } from '../../../src/fields/duration-words.js';
import { anomalyEventText } from '../../../src/fields/told-anomalies.js';
import { type SeasonDetail, seasonEventText } from '../../../src/fields/told-seasons.js';
import type { Results } from '../../sdk/index.js';
import { formatNumber, formatStep } from '../charts/numbers.js';
import { COLOUR } from '../charts/palette.js';
import { formatTime } from '../charts/time-words.js';
import { HEALTH } from '../ui/health-names.js';

type Kind = Results['events']['event'] | 'page-disconnected' | 'page-connected';

export interface LoggedEvent {
  readonly step: number;
  /** The time of the step, in milliseconds since 1970; null where it is not known. */
  readonly t: number | null;
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
  'anomaly-over': COLOUR.second,
  gap: COLOUR.fifth,
  stuck: COLOUR.fifth,
  drift: COLOUR.fifth,
  season: COLOUR.fourth,
  silence: COLOUR.fifth,
  health: COLOUR.fifth,
  damaged: COLOUR.second,
  failed: COLOUR.second,
  'page-disconnected': COLOUR.truth,
  'page-connected': COLOUR.truth,
};

/** Marks of the series, which have numbers of their own. */
const OF_SERIES: ReadonlySet<Kind> = new Set([
  'anomaly',
  'anomaly-over',
  'gap',
  'stuck',
  'drift',
  'season',
  'silence',
  'health',
]);

export class EventLog {
  /** Oldest first. */
  list: readonly LoggedEvent[] = [];
  private readonly seen = new Set<string>();

  /** Notes an event of the server. Gives false for one that was told before. */
  add({ event, seq, t = null, epoch, detail }: Results['events']): boolean {
    const key = JSON.stringify([event, seq, epoch, detail]);
    // an event is told again after a broken connection
    if (OF_SERIES.has(event) && this.seen.has(key)) return false;
    this.seen.add(key);
    if (this.seen.size > MAX_EVENTS) this.seen.delete(this.seen.values().next().value as string);
    this.note(event, seq, t, detail);
    return true;
  }

  note(kind: Kind, step: number, t: number | null, detail: Readonly<Record<string, unknown>> = {}): void {
    const words = (WORDS[kind] ?? eventWords)(detail, kind);
    this.list = [...this.list, { step, t, kind, words, colour: COLOURS[kind] }].slice(-MAX_EVENTS);
  }
}

type Detail = Readonly<Record<string, unknown>>;

const eventWords = (detail: Detail, kind: Kind): string =>
  [kind.replace('-', ' '), ...Object.entries(detail).map(([name, value]) => `${name} ${said(value)}`)].join(
    ' · ',
  );

/** Says for how long nothing was heard: `silence · 2 h, from … to … · 720 empty steps are left out`. */
function silenceWords({ from, to, steps }: Detail): string {
  const [begin, end, left] = [Number(from), Number(to), Number(steps)];
  const empty = `${formatStep(left)} empty ${left === 1 ? 'step is' : 'steps are'} left out`;
  return `silence · ${durationWords(end - begin)}, from ${formatTime(begin)} to ${formatTime(end)} · ${empty}`;
}

/** Says what the health was and is, and why. */
const healthWords = ({ from, to, why }: Detail): string =>
  `health · ${HEALTH[`${from}`] ?? from} → ${HEALTH[`${to}`] ?? to} · ${why}`;

/** Says which anomaly, gap or stuck sensor it is. */
const anomalyWords = (detail: Detail, kind: Kind): string =>
  anomalyEventText(kind, detail, { step: formatStep, number: said }) ?? kind;

const WORDS: Partial<Record<Kind, (detail: Detail, kind: Kind) => string>> = {
  anomaly: anomalyWords,
  'anomaly-over': anomalyWords,
  gap: anomalyWords,
  stuck: anomalyWords,
  season: (detail) => seasonEventText(detail as unknown as SeasonDetail),
  silence: silenceWords,
  health: healthWords,
};

const said = (value: unknown) =>
  typeof value === 'number' ? formatNumber(value) : typeof value === 'string' ? value : JSON.stringify(value);

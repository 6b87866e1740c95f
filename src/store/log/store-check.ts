/** Reads everything a store has, to the last byte, and says of each sequence what there is and whether it is whole. */
import { EddyError } from '../../errors.js';
import type { LogRecord } from '../store.js';
import { readCheckpoint } from './checkpoint-codec.js';
import { checkpointPosition, chunkRange, idIn, isLedgerKey, keyedPage } from './keys.js';
import { readChunk } from './read-records.js';
import { reconcile } from './reconcile.js';
import { FORMAT } from './store-formats.js';
import { Survey } from './survey.js';
import type { SurveyedEntry } from './survey-entry.js';

/** Reads the bytes of a page and says how many steps it has; throws if they are damaged. What is in a page is the sequence's affair. */
export type PageReader = (bytes: Uint8Array) => { readonly first: number; readonly count: number };

export interface SequenceReport {
  readonly sequence: string;
  /** Steps it has taken; null if that is not known. */
  readonly steps: number | null;
  readonly checkpoints: number;
  readonly pages: number;
  /** Bytes of everything that is stored for it. */
  readonly bytes: number;
  /** What is wrong with it, in words; empty if it is whole. */
  readonly damage: readonly string[];
}

export interface StoreReport {
  readonly format: number | null;
  readonly sequences: readonly SequenceReport[];
  /** What is wrong, and not of one sequence. */
  readonly damage: readonly string[];
  readonly isWhole: boolean;
}

class Reading {
  steps: number | null = null;
  checkpoints = 0;
  pages = 0;
  bytes = 0;
  readonly damage: string[] = [];
  /** Position after the last chunk. */
  end: number | null = null;

  sawStep(last: number | null | undefined): void {
    if (typeof last === 'number') this.steps = Math.max(this.steps ?? 0, last + 1);
  }
}

export class StoreCheck {
  readonly survey = new Survey();
  private readonly readings = new Map<string, Reading>();

  constructor(private readonly readPage: PageReader) {}

  readonly visit = (entry: SurveyedEntry): void => {
    this.survey.visit(entry);
    const key = entry.text();
    const id = idIn(key);
    if (!/^(log|checkpoint|about|past)\/[0-9a-f]{12}\//.test(key)) return;
    let reading = this.readings.get(id);
    if (!reading) {
      reading = new Reading();
      this.readings.set(id, reading);
    }
    reading.bytes += key.length + entry.size;
    if (isLedgerKey(key)) return;
    try {
      this.read(reading, key, id, entry.value());
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      reading.damage.push(`${whatIs(key)} is damaged: ${error.message}`);
    }
  };

  /** Says what was found. @param witnessed how many writes were reported durable, where that is known */
  report(witnessed: number | null, faults: readonly string[]): StoreReport {
    const { survey } = this;
    const damage = [...faults];
    const ofSequence = new Map<string, string[]>();
    const names = new Map<string, string>();
    try {
      const opening = reconcile(survey, { last: witnessed });
      for (const { error, sequence } of opening.faults) {
        if (sequence === null) damage.push(error.message);
        else ofSequence.set(sequence, [...(ofSequence.get(sequence) ?? []), error.message]);
      }
    } catch (error) {
      damage.push((error as Error).message);
    }
    for (const [name, id] of survey.names) names.set(name, id);
    const sequences = [...names]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, id]) => {
        const reading = this.readings.get(id) ?? new Reading();
        this.checkEnd(id, reading);
        const { steps, checkpoints, pages, bytes } = reading;
        const own = [...reading.damage, ...(ofSequence.get(name) ?? []), ...this.unsettled(id)];
        return { sequence: name, steps, checkpoints, pages, bytes, damage: own };
      });
    const isWhole = damage.length === 0 && sequences.every((one) => one.damage.length === 0);
    return { format: survey.format === null ? null : Number(survey.format), sequences, damage, isWhole };
  }

  private read(reading: Reading, key: string, id: string, bytes: Uint8Array): void {
    if (key.startsWith('log/')) this.readLog(reading, key, id, bytes);
    else if (key.startsWith('past/')) {
      reading.pages++;
      const page = keyedPage(key);
      const { first, count } = this.readPage(bytes);
      if (page?.first !== first || page.count !== count || page.bytes !== bytes.length)
        throw new EddyError('store-damaged', 'its key says something else of it');
    } else {
      const { state } = readCheckpoint(bytes, checkpointPosition(key), id);
      if (key.startsWith('about/')) reading.sawStep(state.seq as number | undefined);
      else {
        reading.checkpoints++;
        reading.sawStep((state.snapshot as { seq?: number } | undefined)?.seq);
      }
    }
  }

  private readLog(reading: Reading, key: string, id: string, bytes: Uint8Array): void {
    const { first, end } = chunkRange(key);
    const before = reading.end;
    reading.end = end;
    if (before !== null && first !== before)
      reading.damage.push(`records ${before} to ${first - 1} are missing`);
    for (const record of readChunk(bytes, first, end - first, id)) reading.sawStep(lastOf(record));
  }

  /** The log goes to the end that its ledger says. */
  private checkEnd(id: string, reading: Reading): void {
    const found = this.survey.sequences.get(id);
    const ledger = found?.ledger;
    if (ledger === null || ledger === undefined || ledger === 'damaged') return;
    const end = Math.max(reading.end ?? 0, found?.end ?? 0);
    if (end < ledger.end) reading.damage.push(`records ${end} to ${ledger.end - 1} are missing`);
  }

  /** What was found at an earlier opening, and waits for the sequence to be opened. */
  private unsettled(id: string): string[] {
    const { sequences, roster, format } = this.survey;
    const ledger = sequences.get(id)?.ledger;
    if (ledger === null || ledger === undefined || ledger === 'damaged' || Number(format) !== FORMAT)
      return [];
    const isBehind = roster !== null && roster !== 'damaged' && ledger.settled < roster.doubts;
    return ledger.flags !== 0 || isBehind
      ? ['it was found damaged when the store was opened, and gets a new epoch when it is opened']
      : [];
  }
}

const lastOf = (record: LogRecord): number | null =>
  record.kind === 'steps' && record.t !== null ? record.first + record.t.length - 1 : null;

function whatIs(key: string): string {
  if (key.startsWith('log/'))
    return `the chunk of records ${chunkRange(key).first} to ${chunkRange(key).end - 1}`;
  if (key.startsWith('past/')) return `the page of step ${keyedPage(key)?.first ?? '?'}`;
  return `the ${key.startsWith('about/') ? 'summary' : 'checkpoint'} at ${checkpointPosition(key)}`;
}

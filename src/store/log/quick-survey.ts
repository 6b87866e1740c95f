/**
 * Tells whether a store is whole, in one pass over its entries and without an object for any of them. Where it is not, or where anything
 * else is to be done about it, a `Survey` says what.
 */
import { FORMAT_KEY, ROSTER_KEY } from './keys.js';
import { count, ENTRY_KINDS, takeLedger } from './ledger.js';
import type { Witnessed } from './reconcile.js';
import { type Roster, readRoster } from './roster.js';
import { stampOfEntry } from './stamp.js';
import { FORMAT } from './store-formats.js';
import type { Opening } from './store-opening.js';
import type { SurveyedEntry } from './survey-entry.js';
import { hexAt, ID_DIGITS, isAt, kindOfEntry, LEDGER, pageBytesIn, SLASH } from './survey-keys.js';

const LOG = ENTRY_KINDS.indexOf('log');
const PAST = ENTRY_KINDS.indexOf('past');
/** Numbers of a sequence's sums. */
const WIDTH = 2 * ENTRY_KINDS.length;
const NAMES = Buffer.from('name/');
const CALLED = Buffer.from('called/');

export class QuickSurvey {
  /** Where the sums of each sequence are, by the number of its id. */
  private readonly places = new Map<number, number>();
  /** What was found, and what ledgers say. */
  private found = new Uint32Array(WIDTH * 256);
  private told = new Uint32Array(WIDTH * 256);
  private ledgers = 0;
  private lastNumber = -1;
  private lastPlace = 0;
  private entries = 0;
  private sum = 0;
  private names = 0;
  private pageBytes = 0;
  private roster: Roster | null = null;
  private hasFormat = false;
  /** Was anything met that a whole store does not have, or that must be looked at more closely? */
  private isOdd = false;

  readonly visit = (entry: SurveyedEntry): void => {
    const kind = kindOfEntry(entry);
    if (kind < 0) {
      this.visitOther(entry);
      return;
    }
    const { key, keyFrom, keyEnd } = entry;
    const from = keyFrom + ENTRY_KINDS[kind]!.length + 1;
    const number = key[from + ID_DIGITS] === SLASH ? hexAt(key, from, ID_DIGITS) : Number.NaN;
    if (Number.isNaN(number)) {
      this.isOdd = true;
      return;
    }
    const place = number === this.lastNumber ? this.lastPlace : this.placeOf(number);
    const rest = from + ID_DIGITS + 1;
    if (kind === LOG && keyEnd - rest === LEDGER.length && isAt(LEDGER, key, rest)) {
      this.count(entry);
      this.ledgers++;
      if (!takeLedger(entry.value(), number, this.told, place)) this.isOdd = true;
      return;
    }
    count(this.found, kind, stampOfEntry(entry), 1, place);
    if (kind === PAST) this.pageBytes += pageBytesIn(key, rest, keyEnd);
  };

  /** Gives how the store goes on if it is whole and as it was left; null if it must be looked at more closely. */
  opening({ last }: Witnessed): Opening | null {
    const { roster, entries, sum, names, ledgers, places, pageBytes } = this;
    if (this.isOdd || !this.hasFormat || roster === null || (last ?? 0) > roster.writes) return null;
    if (roster.entries !== entries || roster.sum !== sum) return null;
    if (ledgers !== places.size || ledgers !== names) return null;
    for (let i = 0; i < WIDTH * places.size; i++) if (this.found[i] !== this.told[i]) return null;
    return { roster, ledgers: new Map(), changes: new Map(), faults: [], gone: [], size: names, pageBytes };
  }

  private placeOf(number: number): number {
    let place = this.places.get(number);
    if (place === undefined) {
      place = WIDTH * this.places.size;
      this.places.set(number, place);
      if (place === this.found.length) {
        this.found = grown(this.found);
        this.told = grown(this.told);
      }
    }
    this.lastNumber = number;
    this.lastPlace = place;
    return place;
  }

  private visitOther(entry: SurveyedEntry): void {
    const { key, keyFrom } = entry;
    if (isAt(NAMES, key, keyFrom)) {
      this.names++;
      this.count(entry);
    } else if (isAt(CALLED, key, keyFrom)) this.count(entry);
    else this.visitSingle(entry);
  }

  private visitSingle(entry: SurveyedEntry): void {
    const key = entry.text();
    if (key === ROSTER_KEY) {
      this.roster = readRoster(entry.value());
      return;
    }
    this.count(entry);
    if (key === FORMAT_KEY) this.hasFormat = Buffer.from(entry.value()).toString('latin1') === String(FORMAT);
    else this.isOdd = true;
  }

  private count(entry: SurveyedEntry): void {
    this.entries++;
    this.sum = (this.sum + stampOfEntry(entry)) >>> 0;
  }
}

function grown(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

/** How a store goes on when it is opened: what is to be written, and what is wrong. */
import { EddyError } from '../../errors.js';
import { calledKey, FORMAT_KEY, numberOf, OLD_KEYS } from './keys.js';
import { emptySums, type Ledger, writeCalled } from './ledger.js';
import { newRoster, type Roster } from './roster.js';
import { FORMAT } from './store-formats.js';
import { highestId, type Survey } from './survey.js';

export interface Opening {
  readonly roster: Roster;
  /** Ledgers that are to be written in the place of those on the disk. */
  readonly ledgers: ReadonlyMap<string, Ledger>;
  readonly changes: ReadonlyMap<string, Uint8Array | null>;
  /** What is wrong, each with the name of what it concerns. */
  readonly faults: readonly Fault[];
  /** Removed sequences whose entries are still to be deleted. */
  readonly gone: readonly string[];
  readonly size: number;
  readonly pageBytes: number;
}

export const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const damaged = (why: string) => new EddyError('store-damaged', why);

export interface Fault {
  readonly error: EddyError;
  /** The sequence it is of, if it is of one. */
  readonly sequence: string | null;
}

export const fault = (why: string, sequence: string | null = null): Fault => ({
  error: damaged(why),
  sequence,
});
export const inDoubt = (why: string) =>
  `steps of any sequence may be lost: ${why}; each is given a new epoch when it is opened`;
export const olderWords = (writes: number, isRestored: boolean) =>
  isRestored
    ? 'the store was restored from a backup'
    : `it is as it was ${writes} writes before the last that was reported durable`;

/** Begins a store on a disk that has nothing. */
export function begin(witnessed: number | null): Opening {
  const faults =
    witnessed === null || witnessed === 0
      ? []
      : [fault(`the store is empty; ${witnessed} writes to it had been reported durable`)];
  const changes = new Map([[FORMAT_KEY, toBytes(String(FORMAT))]]);
  return {
    roster: { ...newRoster(), writes: witnessed ?? 0 },
    ledgers: new Map(),
    changes,
    faults,
    gone: [],
    size: 0,
    pageBytes: 0,
  };
}

/** Takes a store of format 1 over as it is. */
export function migrate(survey: Survey, witnessed: number | null, isRestored: boolean): Opening {
  const { sequences, names, pageBytes, entries, sum } = survey;
  const ledgers = new Map<string, Ledger>();
  const changes = new Map<string, Uint8Array | null>([[FORMAT_KEY, toBytes(String(FORMAT))]]);
  for (const [name, id] of names) {
    const { sums = emptySums(), end = 0 } = sequences.get(id) ?? {};
    ledgers.set(id, { id: numberOf(id), name, end, settled: 0, flags: 0, sums });
    changes.set(calledKey(id), writeCalled(name));
  }
  for (const key of Object.values(OLD_KEYS)) changes.set(key, null);
  const nextId = Math.max(survey.nextId || 1, highestId(survey) + 1);
  // a witness of a format that tells none was put there to say that the store is an older one
  const doubts = witnessed === null ? 0 : 1;
  const roster = { ...newRoster(), writes: witnessed ?? 0, doubts, nextId, entries, sum };
  const faults = doubts === 0 ? [] : [fault(inDoubt(olderWords(witnessed ?? 0, isRestored)))];
  return { roster, ledgers, changes, faults, gone: [...survey.gone], size: names.size, pageBytes };
}

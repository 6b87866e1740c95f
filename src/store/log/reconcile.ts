/**
 * Holds what a survey found against the roster and the ledgers, names every difference, and says how the store goes on: which names
 * are put right, which sequences are in doubt until they are opened.
 */
import { calledKey, FORMAT_KEY, goneKey, idOf, ledgerKey, nameKey, numberOf } from './keys.js';
import { ENTRY_KINDS, emptySums, type Ledger, LOST, writeCalled } from './ledger.js';
import type { Witness } from './ledger-disk.js';
import { newRoster, type Roster } from './roster.js';
import { stampOf } from './stamp.js';
import { checkFormat, FORMAT, hasLostFormat } from './store-formats.js';
import {
  begin,
  damaged,
  type Fault,
  fault,
  inDoubt,
  migrate,
  type Opening,
  olderWords,
  toBytes,
} from './store-opening.js';
import { type Found, highestId, type Survey } from './survey.js';

export type Witnessed = Pick<Witness, 'last' | 'isRestored'>;

/** What the entries of each kind are called. */
const WORDS = ['chunks in its log', 'checkpoints', 'summaries', 'pages of its past', 'entries put aside'];

/**
 * Reconciles a store with what it should have.
 *
 * @param witness how many writes were reported durable, where that is known
 * @throws EddyError `store-damaged` if it has a format that this version does not read, or is something else
 */
export function reconcile(
  survey: Survey,
  { last: witnessed, isRestored = false }: Witnessed = { last: null },
): Opening {
  checkFormat(survey);
  if (survey.format === null && !hasLostFormat(survey)) return begin(witnessed);
  if (survey.format !== null && Number(survey.format) !== FORMAT)
    return migrate(survey, witnessed, isRestored);
  return new Reconciliation(survey, witnessed, isRestored).run();
}

class Reconciliation {
  private readonly faults: Fault[] = [];
  private readonly changes = new Map<string, Uint8Array | null>();
  private readonly ledgers = new Map<string, Ledger>();
  /** What the roster would be of what is there, with names put right. */
  private entries: number;
  private sum: number;
  /** Is a difference of the roster explained by what is known to be damaged? */
  private isExplained = false;

  constructor(
    private readonly survey: Survey,
    private readonly witnessed: number | null,
    private readonly isRestored: boolean,
  ) {
    this.entries = survey.entries;
    this.sum = survey.sum;
  }

  run(): Opening {
    const { survey, faults, changes, ledgers } = this;
    this.entries -= survey.foreign.length;
    for (const key of survey.foreign)
      this.explain(`the store has a key ${printable(key)}, that Eddy does not write`);
    this.moveLedgers();
    for (const id of survey.called.keys()) this.found(id);
    for (const found of survey.sequences.values()) this.checkSequence(found);
    this.checkNames();
    this.checkCalled();
    if (survey.format === null) {
      const bytes = toBytes(String(FORMAT));
      this.fault('the format of the store was missing');
      this.recount(FORMAT_KEY, bytes, 1);
      this.put(FORMAT_KEY, bytes);
    }
    const before = this.roster();
    // the roster is kept of what is there, changes and all
    const roster = { ...before, entries: survey.entries, sum: survey.sum };
    const { names, pageBytes } = survey;
    return { roster, ledgers, changes, faults, gone: [...survey.gone], size: names.size, pageBytes };
  }

  /** Moves a ledger that lies under the key of another sequence. */
  private moveLedgers(): void {
    const { sequences } = this.survey;
    for (const found of [...sequences.values()]) {
      const { ledger, id } = found;
      if (ledger === null || ledger === 'damaged' || idOf(ledger.id) === id) continue;
      const own = idOf(ledger.id);
      this.fault(`the ledger of the sequence ${ledger.name} lay under the key of another`, ledger.name);
      found.ledger = null;
      this.put(ledgerKey(id), null);
      const other = this.found(own);
      if (other.ledger === null) {
        other.ledger = ledger;
        this.isExplained = true;
        this.ledgers.set(own, ledger);
      }
    }
  }

  /** Gives what was found of a sequence, possibly nothing. */
  private found(id: string): Found {
    const { sequences } = this.survey;
    const found = sequences.get(id) ?? { id, sums: emptySums(), end: 0, ledger: null };
    sequences.set(id, found);
    return found;
  }

  private checkSequence(found: Found): void {
    const { id, ledger, sums } = found;
    const { gone, names, called } = this.survey;
    if (ledger !== null && ledger !== 'damaged') {
      // another's mark, with another id
      if (gone.delete(id)) {
        this.explain(`the sequence ${ledger.name} was marked as removed`, ledger.name);
        this.put(goneKey(id), null);
      }
      const flags = this.compare(ledger, sums);
      if (flags !== 0) this.ledgers.set(id, { ...ledger, sums, flags: ledger.flags | flags });
      return;
    }
    if (ledger === null && gone.has(id)) return;
    const name = [...names].find(([, of]) => of === id)?.[0] ?? called.get(id) ?? null;
    if (name !== null && (names.get(name) ?? id) !== id) {
      this.explain(`the second name of the sequence ${name} lay under the key of another`, name);
      this.entries--;
      this.put(calledKey(id), null);
      return;
    }
    if (name === null) {
      const entries = sums.reduce((all, value, i) => all + (i % 2 === 0 ? value : 0), 0);
      this.explain(`${entries} entries belong to a sequence without a name, number ${id}`);
      // as a removed sequence does that is no longer marked as removed
      this.entries++;
      if (ledger !== null) this.put(ledgerKey(id), null);
      return;
    }
    this.explain(`the ledger of the sequence ${name} is ${ledger === null ? 'missing' : 'damaged'}`, name);
    if (ledger === null) this.entries++;
    this.ledgers.set(id, { id: numberOf(id), name, end: found.end, settled: 0, flags: LOST, sums });
  }

  private compare({ name, sums: told }: Ledger, sums: Uint32Array): number {
    let flags = 0;
    for (let kind = 0; kind < ENTRY_KINDS.length; kind++) {
      const [all, are] = [told[2 * kind]!, sums[2 * kind]!];
      if (all === are && told[2 * kind + 1] === sums[2 * kind + 1]) continue;
      flags |= 1 << kind;
      const how =
        all === are ? `has other ${WORDS[kind]} than were written` : `has ${are} ${WORDS[kind]}, not ${all}`;
      this.fault(`the sequence ${name} is damaged: it ${how}`, name);
    }
    return flags;
  }

  /** Each name has a sequence, and each ledger its name. */
  private checkNames(): void {
    const { names, sequences } = this.survey;
    const ledgerOf = (id: string) => {
      const ledger = this.ledgers.get(id) ?? sequences.get(id)?.ledger ?? null;
      return ledger === 'damaged' ? null : ledger;
    };
    const owners = new Map<string, string>();
    for (const { id } of sequences.values()) {
      const ledger = ledgerOf(id);
      if (ledger) owners.set(ledger.name, id);
    }
    for (const [name, id] of [...names]) {
      if (ledgerOf(id)?.name === name) continue;
      const owner = owners.get(name);
      if (owner !== undefined) {
        this.fault(`the name ${printable(name)} led to another sequence than its own`, name);
        this.rename(name, owner);
      } else if (ledgerOf(id)) {
        const own = ledgerOf(id)!.name;
        this.fault(`the sequence ${own} was found under the name ${printable(name)}`, own);
        this.rename(name, null);
      } else {
        this.explain(`the sequence ${printable(name)} has a name, and nothing else`, name);
        if (/^[0-9a-f]{12}$/.test(id))
          this.ledgers.set(id, {
            id: numberOf(id),
            name,
            end: 0,
            settled: 0,
            flags: LOST,
            sums: emptySums(),
          });
      }
    }
    for (const [name, id] of owners) {
      if (names.has(name)) continue;
      this.fault(`the name of the sequence ${name} was missing; it is taken from its ledger`, name);
      this.rename(name, id);
    }
  }

  /** Each sequence has its name once more, apart from the others. */
  private checkCalled(): void {
    const { called, names } = this.survey;
    for (const [name, id] of names) {
      if (called.get(id) === name || !/^[0-9a-f]{12}$/.test(id)) continue;
      this.explain(
        `the second name of the sequence ${printable(name)} is ${called.has(id) ? 'another' : 'missing'}`,
        name,
      );
      if (!called.has(id)) this.entries++;
      this.put(calledKey(id), writeCalled(name));
    }
  }

  private rename(name: string, id: string | null): void {
    const { names } = this.survey;
    const before = names.get(name);
    const key = nameKey(name);
    if (before !== undefined) this.recount(key, toBytes(before), -1);
    if (id === null) names.delete(name);
    else {
      names.set(name, id);
      this.recount(key, toBytes(id), 1);
    }
    this.put(key, id === null ? null : toBytes(id));
  }

  /** Checks the roster. Where nothing else explains a difference, every sequence is in doubt: an older page has come back. */
  private roster(): Roster {
    const { survey, witnessed, entries, sum } = this;
    const { roster: told } = survey;
    const roster = told === null || told === 'damaged' ? newRoster() : told;
    roster.nextId = Math.max(roster.nextId, highestId(survey) + 1);
    const ago = (witnessed ?? 0) - roster.writes;
    const missing = roster.entries - entries;
    // a name that no longer is anywhere cannot be told, and must not be passed over
    if (missing > 0)
      throw damaged(
        `${missing} of its ${roster.entries} names and ledgers are lost, and nothing says of which sequences`,
      );
    let doubt: string | null = null;
    if (told === null || told === 'damaged') doubt = `its roster is ${told === null ? 'missing' : 'damaged'}`;
    else if (ago > 0) doubt = olderWords(ago, this.isRestored);
    else if ((roster.entries !== entries || roster.sum !== sum) && !this.isExplained)
      doubt =
        roster.entries === entries
          ? 'its names and ledgers are not those that were written'
          : `it has ${entries} names and ledgers, not ${roster.entries}`;
    if (doubt === null) return roster;
    this.fault(inDoubt(doubt));
    const doubts = Math.max(roster.doubts, ...this.settledDoubts()) + 1;
    return { ...roster, doubts, writes: Math.max(roster.writes, witnessed ?? 0) };
  }

  private *settledDoubts(): Iterable<number> {
    for (const { ledger } of this.survey.sequences.values())
      if (ledger !== null && ledger !== 'damaged') yield ledger.settled;
  }

  private recount(key: string, value: Uint8Array, sign: 1 | -1): void {
    this.entries += sign;
    this.sum = (this.sum + sign * stampOf(key, value)) >>> 0;
  }

  private put(key: string, value: Uint8Array | null): void {
    this.changes.set(key, value);
  }

  private explain(why: string, sequence: string | null = null): void {
    this.isExplained = true;
    this.fault(why, sequence);
  }

  private fault(why: string, sequence: string | null = null): void {
    this.faults.push(fault(why, sequence));
  }
}

const printable = (text: string): string => text.replace(/[^ -~]/g, '?').slice(0, 160);

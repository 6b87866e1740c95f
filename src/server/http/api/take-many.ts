/** Readings of many sequences, as an agent sends them in one request: some sequences at once, each for itself. */
import { crc32 } from 'node:zlib';
import { EddyError } from '../../../errors.js';
import type { Reading } from '../../../fields/field.js';
import type { SchemaInput } from '../../../fields/sequence-schema.js';
import type { Pieces } from '../../../math/pieces.js';
import { MAX_FIELDS } from '../../../protocol/messages.js';
import type { AgentReading } from '../../../sources/agent-readings.js';
import { resultInTurns, type Turns } from '../../../sources/in-turns.js';
import type { Ingest, Taken } from '../../../sources/ingest.js';
import type { Row } from '../../../sources/rows/row.js';
import type { Door, Guest } from './door.js';

export interface ManyParts {
  readonly door: Door;
  readonly ingest: Ingest;
  readonly guest: Guest;
  /** What new sequences are asked to be. */
  readonly asked: SchemaInput;
  /** Who shares the processor with others. */
  readonly owner: object;
  readonly turns: Turns;
  /** Names who sends, in the keys of its readings. */
  readonly agent: string;
}

export interface TakenMany<R> {
  readonly refused: number;
  /** Those that were refused, the first of them. */
  readonly faults: readonly { readonly reading: R; readonly message: string }[];
  /** Why the whole is to be sent again. */
  readonly temporary: EddyError | null;
}

/** Sequences that are written to at once. */
const AT_ONCE = 16;
/** How many refused readings are told of. */
const TOLD = 100;
/** Readings that are looked at at once for their fields, and what one costs in multiply-adds. */
const [PIECE, READING_WORK] = [2 ** 6, 2 ** 12];

export async function takeMany<R extends AgentReading>(
  readings: ReadonlyMap<string, readonly R[]>,
  parts: ManyParts,
): Promise<TakenMany<R>> {
  const faults: { reading: R; message: string }[] = [];
  let refused = 0;
  let temporary: EddyError | null = null;
  const waiting = [...readings].reverse();
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [name, list] = next;
      const taken = await takeSequence(name, list, parts);
      const isWhole = taken instanceof EddyError;
      refused += isWhole ? list.length : taken.refused;
      const told = isWhole ? [{ row: 0, error: taken }] : taken.faults;
      for (const { row, error } of told.slice(0, TOLD - faults.length))
        faults.push({ reading: list[row]!, message: `${name}: ${error.message}` });
      const stopped = isWhole ? taken : taken.stopped?.error;
      if (stopped?.temporary) temporary ??= stopped;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, work));
  return { refused, faults, temporary };
}

async function takeSequence<R extends AgentReading>(
  name: string,
  readings: readonly R[],
  { door, ingest, guest, asked, owner, turns, agent }: ManyParts,
): Promise<Taken | EddyError> {
  try {
    guest.access.require('produce', name, door.wall);
    const first = async () => ({ values: await resultInTurns(turns, owner, valuesOf(readings)) });
    const { handle } = await ingest.open(name, asked, first, owner);
    try {
      return await ingest.take(handle, rowsOf(readings, agent), { owner });
    } finally {
      handle.release();
    }
  } catch (error) {
    if (error instanceof EddyError) return error;
    throw error;
  }
}

/** The values of all fields: readings of one sequence may have different ones. More than a sequence may have are enough to tell that. */
function* valuesOf(readings: readonly AgentReading[]): Pieces<Record<string, Reading>> {
  const all: Record<string, Reading> = {};
  for (const [i, { values }] of readings.entries()) {
    Object.assign(all, values);
    if (i % PIECE !== PIECE - 1) continue;
    if (Object.keys(all).length > MAX_FIELDS) break;
    yield PIECE * READING_WORK;
  }
  return all;
}

/** Agents send a batch again whose answer they missed: the same values of one time are the same reading. */
function* rowsOf(readings: readonly AgentReading[], agent: string): Generator<{ readonly row: Row }> {
  for (const { t, values } of readings)
    yield {
      row: Number.isNaN(t)
        ? { values }
        : { values, t, key: `${agent}:${t}:${crc32(JSON.stringify(values)).toString(36)}` },
    };
}

/** Reads text, bytes or a fixture as a whole. */
import { readFileSync } from 'node:fs';
import { type Chunk, openReading, type ReadingOptions, type SensorRow } from '../../src/reading/index.js';

export async function* chunksOf(...chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks;
}

/** Gives the bytes of a file of test/fixtures/readings. */
export const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../fixtures/readings/${name}`, import.meta.url)));

/** Reads all rows. */
export async function readAll(chunks: Chunk | AsyncIterable<Chunk>, options: ReadingOptions = {}) {
  const source = typeof chunks === 'string' || chunks instanceof Uint8Array ? chunksOf(chunks) : chunks;
  const reading = await openReading(source, options);
  const rows: SensorRow[] = [];
  for await (const row of reading.rows) rows.push(row);
  const report = reading.report();
  const { choice } = reading;
  return {
    choice,
    rows,
    report,
    names: choice.fields.map(({ name }) => name),
    values: rows.map(({ values }) => values),
    times: rows.map(({ t }) => t),
    left: choice.leftOut.map(({ name }) => name),
  };
}

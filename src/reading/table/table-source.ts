/** Where records come from, whatever their format: first a head, by which the columns are chosen, then one by one. */
import type { Format, SensorRecord } from '../reading.js';

/** What the head of a file shows. */
export interface Table {
  readonly format: Format;
  readonly delimiter: string | null;
  readonly names: readonly string[];
  /** Are the names the file's own or the user's? */
  readonly isNamed: boolean;
  /** Units by column, as far as the file tells them. */
  readonly units: readonly (string | undefined)[];
  /** The records of the head. */
  readonly records: readonly SensorRecord[];
  readonly notes: readonly string[];
}

export interface TableSource {
  /** Names of the columns so far, once the head is known; those of JSON may grow. */
  readonly names: readonly string[];
  push(text: string): void;
  end(): void;
  /** Takes records into the head, up to `limit`; tells whether it holds as many. */
  fill(limit: number): boolean;
  /** Tells what the head shows so far. @throws EddyError `input-invalid` */
  look(): Table;
  /** Ends the head: from now on `next` gives the records behind it. */
  open(table: Table): void;
  /** Gives the next record that has ended, or null. */
  next(): SensorRecord | null;
  /** Notes of what was passed over since. */
  readonly passedOver: readonly string[];
}

/** The words of a reading: what may be told of a file, what was found in it, and the rows that come of it. */

import type { Field } from '../fields/field.js';

export type { Field };

/** One value of a record, before it is read: text of CSV, or a value of JSON. Absent, null and empty are one thing. */
export type Cell = string | number | boolean | null | undefined;

/** A record that has ended: a line of CSV, a value of JSON. */
export interface SensorRecord {
  /** Line on which it begins, from 1. */
  readonly line: number;
  readonly cells: readonly Cell[];
  /** What is wrong with the record as a whole. */
  readonly fault?: string | undefined;
}

export type Format = 'csv' | 'ndjson' | 'json';
export const FORMATS = ['csv', 'ndjson', 'json'] as const satisfies readonly Format[];

export const POLICIES = ['fail', 'skip'] as const;
export type BadRowPolicy = (typeof POLICIES)[number];

/** What may be told of a file; whatever is left out is found out. */
export interface ReadingOptions {
  readonly format?: Format | undefined;
  /** One character; a space stands for a run of them. */
  readonly delimiter?: string | undefined;
  readonly decimal?: '.' | ',' | undefined;
  /** Names of the columns, or false: the first line is a row. */
  readonly header?: readonly string[] | boolean | undefined;
  /** Beginnings of lines that are no rows; `#` if left out. */
  readonly comment?: readonly string[] | undefined;
  /** Lines at the beginning to pass over. */
  readonly skipLines?: number | undefined;
  /** Words for a missing value, beside the usual ones. */
  readonly missing?: readonly string[] | undefined;
  /** The fields, in this order; if left out, all columns of numbers. */
  readonly columns?: readonly string[] | undefined;
  /** Columns to take beside those that are found out. */
  readonly also?: readonly string[] | undefined;
  /** The column with the time, or one with the date and one with the time of day. */
  readonly time?: readonly string[] | undefined;
  /** `DD/MM/YYYY HH:mm`, `%d/%m/%Y`, `iso`, `excel`, or a unit since 1970: `s`, `ms`, `us`, `ns`. */
  readonly timeFormat?: string | undefined;
  /** IANA name of the zone of times that tell none; UTC if left out. */
  readonly timeZone?: string | undefined;
  /** Is a row without a time a bad row? */
  readonly requireTime?: boolean | undefined;
  /** The column that says whose row it is. */
  readonly by?: string | undefined;
  /** Columns of targets, which are no fields unless `columns` names them too. */
  readonly targets?: readonly string[] | undefined;
  /** The one target is a class: the names of the classes in their order, or true to find them out. */
  readonly classes?: readonly string[] | true | undefined;
  readonly onBadRow?: BadRowPolicy | undefined;
}

/** A column that is no field, and why. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

/** Where the times come from. */
export interface TimeSource {
  /** One column, or a date and a time of day. */
  readonly columns: readonly string[];
  /** `iso`, `s`, `ms`, `us`, `ns`, `excel` or a pattern. */
  readonly format: string;
  /** The zone of times that tell none. */
  readonly zone: string;
}

/** What was found in a file, and what is taken of it. */
export interface Choice {
  readonly format: Format;
  /** Of CSV only. */
  readonly delimiter: string | null;
  readonly decimal: '.' | ',';
  /** Names of all columns, in the order of the file. */
  readonly columns: readonly string[];
  readonly fields: readonly Field[];
  readonly time: TimeSource | null;
  readonly targets: readonly Field[];
  /** Names of the classes, if the target is one. */
  readonly classes: readonly string[] | null;
  readonly by: string | null;
  readonly leftOut: readonly LeftOut[];
  /** What else a person should know, as sentences. */
  readonly notes: readonly string[];
}

export interface SensorRow {
  /** Line on which the row begins, from 1. */
  readonly line: number;
  /** Event time in milliseconds since 1970, or null if unknown. */
  readonly t: number | null;
  /** The time as written, or null. */
  readonly timestamp: string | null;
  /** The fields [F]; NaN is a gap. */
  readonly values: number[];
  /** The targets [K], or [classes] with a 1 at the class; null if all are missing. */
  readonly target: number[] | null;
  /** Whose row it is; null if nothing was asked. */
  readonly by: string | null;
}

export interface BadRow {
  readonly line: number;
  readonly message: string;
}

/** How often something happened, and where first. */
export interface Tally {
  readonly count: number;
  /** Line, from 1; 0 if it never happened. */
  readonly first: number;
}

/** What happened on the way. */
export interface ReadingReport {
  readonly rows: number;
  readonly badRows: { readonly count: number; readonly first: readonly BadRow[] };
  /** Missing values, of the fields that have some. */
  readonly gaps: readonly { readonly name: string; readonly count: number }[];
  readonly untimed: Tally;
  /** Rows whose time is before that of the row before (of the same `by`). */
  readonly backwards: Tally;
  /** Times that a clock shows twice, at the end of daylight saving. */
  readonly overlaps: Tally;
  /** Times that a clock never shows, at its beginning. */
  readonly skippedTimes: Tally;
  /** What came up after the columns were chosen, as sentences. */
  readonly notes: readonly string[];
}

/** The demo's data: hourly weather of Seattle; data/README.md tells where it is from. */
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readRows } from '../shared/rows.js';

export interface Hour {
  /** Pressure in hPa, temperature in °C, wind in m/s. */
  readonly x: readonly number[];
  readonly date: string;
}

export const FEATURES = ['pressure', 'temperature', 'wind'];
/** Which of them is forecast. */
export const TEMPERATURE = 1;

/** Reads the year: 8,759 hours. */
export async function readSeattle(): Promise<Hour[]> {
  const file = new URL('data/seattle-weather-hourly-normals.csv', import.meta.resolve('eddy/package.json'));
  const hours: Hour[] = [];
  for await (const { values, fields } of readRows(createReadStream(fileURLToPath(file)), {
    columns: FEATURES,
  }))
    hours.push({ x: values, date: String(fields.date) });
  return hours;
}

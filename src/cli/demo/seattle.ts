/** The demo's data: hourly weather of Seattle; data/README.md tells where it is from. */
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Field, openReading } from '../../reading/index.js';

export interface Hour {
  /** The fields, in their order. */
  readonly x: readonly number[];
  /** In milliseconds since 1970. */
  readonly t: number;
}

export const FIELDS = [
  { name: 'pressure', unit: 'hPa' },
  { name: 'temperature', unit: '°C' },
  { name: 'wind', unit: 'm/s' },
] as const satisfies readonly Field[];
/** Which of them is forecast. */
export const TEMPERATURE = 1;

/** Milliseconds of the year, after which the next begins. */
const YEAR = 365 * 86_400_000;

/** Reads the year: 8,759 hours. */
export async function readSeattle(): Promise<Hour[]> {
  const file = new URL('data/seattle-weather-hourly-normals.csv', import.meta.resolve('eddy/package.json'));
  const { rows } = await openReading(createReadStream(fileURLToPath(file)), {
    columns: FIELDS.map(({ name }) => name),
    requireTime: true,
  });
  const hours: Hour[] = [];
  for await (const { values, t } of rows) hours.push({ x: values, t: t! });
  return hours;
}

/** Gives an hour of the year over and over, whose time goes on. @param step from 0 */
export function hourAt(hours: readonly Hour[], step: number): Hour {
  const { x, t } = hours[step % hours.length]!;
  return { x, t: t + Math.floor(step / hours.length) * YEAR };
}

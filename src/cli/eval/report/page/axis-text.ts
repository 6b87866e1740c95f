/** Formats numbers and times for axes and legends. */
import { hasTimes } from './elements.js';

export const grouped = (value: number): string => value.toLocaleString('en-US');
/** Cuts a name to what fits beside a chart. */
export const shortened = (name: string): string => (name.length > 20 ? `${name.slice(0, 19)}\u2026` : name);
export const written = (value: number | null): string =>
  value === null ? '-' : String(Number(value.toPrecision(4)));

/** Writes where a point is: its time, or its row. */
export function whenText(x: number): string {
  if (!hasTimes) return `row ${grouped(x)}`;
  return new Date(x)
    .toISOString()
    .replace('T', ' ')
    .replace(/(:00)?\.000Z$/, '');
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Writes times that are `step` apart, each with what it is part of on a second line where that is new. */
export function timeTicks(ticks: readonly number[], step: number): string[] {
  let last = '';
  return ticks.map((tick) => {
    const [date = '', time = ''] = new Date(tick).toISOString().split('T');
    const [year = '', month = '', day = ''] = date.split('-');
    const name = MONTHS[Number(month) - 1] ?? '';
    const [own, whole] =
      step >= 364 * DAY
        ? [year, '']
        : step >= 27 * DAY
          ? [name, year]
          : step >= DAY
            ? [`${Number(day)} ${name}`, year]
            : [time.slice(0, step >= MINUTE ? 5 : 8), `${Number(day)} ${name}`];
    const isNew = whole !== last;
    last = whole;
    return isNew ? `${own}\n${whole}` : own;
  });
}

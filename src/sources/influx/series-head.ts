/** What stands before the fields of a line: a measurement, and tags. */
import { LineFault } from './line-fault.js';

/** Cuts at commas, and at the first equals sign, that are not escaped. */
export function parseHead(text: string, at: number): { measurement: string; tags: Map<string, string> } {
  const [measurement = '', ...rest] = text.split(/(?<!\\),/);
  if (measurement === '') throw new LineFault(at, 'the line has no measurement');
  const tags = new Map<string, string>();
  let place = at + measurement.length + 1;
  for (const tag of rest) {
    const [key, value, ...more] = tag.split(/(?<!\\)=/);
    if (!key || !value || more.length > 0)
      throw new LineFault(place, `a tag is key=value, and this is ${JSON.stringify(tag.slice(0, 40))}`);
    tags.set(unescaped(key), unescaped(value));
    place += tag.length + 1;
  }
  return { measurement: measurement.replaceAll(/\\([, ])/g, '$1'), tags };
}

const unescaped = (text: string): string => text.replaceAll(/\\([,= ])/g, '$1');

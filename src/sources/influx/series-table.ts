/** The series of lines: what stands before the fields, as bytes, to the name of a sequence. */
import { EddyError } from '../../errors.js';
import { faultOfTemplate, nameOfSeries } from './series-names.js';
import type { SeriesReadings } from './series-readings.js';

/** Why a line cannot be read, and the byte at which that is seen. */
export class LineFault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

export interface Series {
  /** The name of its sequence. */
  readonly name: string;
  /** The fields of its last line, in their order, each with the bytes up to its `=`. */
  readonly fields: { name: string; key: Uint8Array }[];
  /** Its readings of the body that was read last with it. */
  readings: SeriesReadings | null;
  /** Those of all sequences of that body. */
  body: ReadonlyMap<string, SeriesReadings> | null;
}

/** The most series that are remembered; then all are forgotten. */
const MOST = 100_000;

export class SeriesTable {
  private readonly known = new Map<string, Series>();
  private readonly byName = new Map<string, Series>();

  /** @throws EddyError `setting-invalid` */
  constructor(private readonly template: string) {
    const fault = faultOfTemplate(template);
    if (fault !== null) throw new EddyError('setting-invalid', `${JSON.stringify(template)}: ${fault}`);
  }

  /** Finds the series whose measurement and tags are these bytes. @throws LineFault, EddyError `sequence-name-invalid` */
  find(bytes: Buffer, from: number, to: number): Series {
    const key = bytes.toString('latin1', from, to);
    const known = this.known.get(key);
    if (known) return known;
    const { measurement, tags } = parseHead(bytes.toString('utf8', from, to), from);
    const name = nameOfSeries(this.template, measurement, tags);
    if (this.known.size >= MOST) {
      this.known.clear();
      this.byName.clear();
    }
    // several series may be one sequence: their lines of one time are one reading
    const series = this.byName.get(name) ?? { name, fields: [], readings: null, body: null };
    this.byName.set(name, series);
    this.known.set(key, series);
    return series;
  }
}

/** Cuts at commas, and at the first equals sign, that are not escaped. */
function parseHead(text: string, at: number): { measurement: string; tags: Map<string, string> } {
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

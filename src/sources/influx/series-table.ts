/** The series of lines: what stands before the fields, as bytes, to the name of a sequence. */
import { EddyError } from '../../errors.js';
import { parseHead } from './series-head.js';
import { faultOfTemplate, nameOfSeries } from './series-names.js';

export interface Series {
  /** The name of its sequence. */
  readonly name: string;
  /** The fields of its last line, in their order, each with the bytes up to its `=`. */
  readonly fields: { name: string; key: Uint8Array }[];
}

/** The most series that are remembered, and the most bytes of them and of their fields; then all are forgotten. */
const [MOST, MOST_BYTES] = [100_000, 32 * 2 ** 20];

export class SeriesTable {
  private readonly known = new Map<string, Series>();
  private readonly byName = new Map<string, Series>();
  private bytes = 0;

  /** @throws EddyError `setting-invalid` */
  constructor(private readonly template: string) {
    const fault = faultOfTemplate(template);
    if (fault !== null) throw new EddyError('setting-invalid', `${JSON.stringify(template)}: ${fault}`);
  }

  /** How many are remembered, and their bytes. */
  get size(): { readonly series: number; readonly bytes: number } {
    return { series: this.known.size, bytes: this.bytes };
  }

  /** Finds the series whose measurement and tags are these bytes. @throws LineFault, EddyError `sequence-name-invalid` */
  find(bytes: Buffer, from: number, to: number): Series {
    const key = bytes.toString('latin1', from, to);
    const known = this.known.get(key);
    if (known) return known;
    const { measurement, tags } = parseHead(bytes.toString('utf8', from, to), from);
    const name = nameOfSeries(this.template, measurement, tags);
    if (this.known.size >= MOST || this.bytes >= MOST_BYTES) this.forget();
    // several series may be one sequence: their lines of one time are one reading
    const series = this.byName.get(name) ?? { name, fields: [] };
    this.byName.set(name, series);
    this.known.set(key, series);
    this.bytes += key.length;
    return series;
  }

  /** Remembers a field of a series. @param key a copy of its bytes */
  learn(series: Series, place: number, name: string, key: Uint8Array): void {
    const before = series.fields[place];
    series.fields[place] = { name, key };
    this.bytes += bytesOf(series.fields[place]) - bytesOf(before);
  }

  private forget(): void {
    this.known.clear();
    this.byName.clear();
    this.bytes = 0;
  }
}

const bytesOf = (field: Series['fields'][number] | undefined): number =>
  field ? field.key.length + field.name.length : 0;

/**
 * The predictions as CSV, one line per row of the file:
 *
 *   timestamp, then for each target its value, then for each horizon h the prediction made for this row h rows before
 *   (`flow_h5`), its error (`flow_h5_error`, prediction - value), the edges of its range (`flow_h5_low`, `flow_h5_high`)
 *   and, where a mixture forecasts, who counted most in it (`flow_h5_forecaster`), then anomaly_score
 *
 * A cell is empty if there is no such number. Without a timestamp in the file, the first column is the number of the
 * row, from 0.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { lineOf } from '../../reading/index.js';
import { shortest } from '../shared/number-text.js';
import type { Output, Pass, PassRow } from './scoring-pass.js';

/** Characters to gather before writing. */
const CHUNK = 1 << 16;

type Parts = Pick<Pass, 'targets' | 'outputs' | 'model'>;

export class PredictionsFile {
  private text: string;
  /** The outputs of each target, by their index in y. */
  private readonly order: readonly (readonly number[])[];

  /** Does a mixture forecast? */
  private readonly isMixed: boolean;

  private constructor(
    private readonly file: FileHandle,
    { targets, outputs, model }: Parts,
  ) {
    const { task } = model.spec;
    this.isMixed = task?.kind === 'forecast' && task.forecaster === 'mixture';
    this.order = targets.map((_, k) => outputs.flatMap((output, m) => (output.k === k ? [m] : [])));
    this.text = csvLine([
      'timestamp',
      ...this.order.flatMap((ms) => this.namesOf(ms, outputs)),
      'anomaly_score',
    ]);
  }

  static async create(path: string, pass: Parts): Promise<PredictionsFile> {
    return new PredictionsFile(await open(path, 'w'), pass);
  }

  /** Takes a row; gives null if the caller need not wait. */
  write(row: PassRow): Promise<void> | null {
    this.text += this.lineOf(row);
    return this.text.length < CHUNK ? null : this.flush();
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }

  private async flush(): Promise<void> {
    const { text } = this;
    this.text = '';
    await this.file.writeFile(text);
  }

  private lineOf({ row, timestamp, truth, made, ranges, by, result }: PassRow): string {
    const cells = [timestamp ?? String(row)];
    this.order.forEach((ms, k) => {
      const value = truth[k]!;
      cells.push(value === null ? '' : String(value));
      for (const m of ms) {
        const prediction = made[m]!;
        const written = prediction === null ? '' : shortest(prediction);
        const isKnown = prediction !== null && value !== null;
        cells.push(written, isKnown ? digits(Number(written) - value) : '');
        const range = prediction === null ? null : ranges[m]!;
        cells.push(
          ...(range === null ? ['', ''] : [digits(prediction! - range), digits(prediction! + range)]),
        );
        if (this.isMixed) cells.push(by[m] ?? '');
      }
    });
    return csvLine([...cells, shortest(result.anomaly)]);
  }

  private namesOf(ms: readonly number[], outputs: readonly Output[]): string[] {
    const { target } = outputs[ms[0]!]!;
    const columns = ['', '_error', '_low', '_high', ...(this.isMixed ? ['_forecaster'] : [])];
    return [
      target,
      ...ms.flatMap((m) => columns.map((column) => `${target}_h${outputs[m]!.horizon}${column}`)),
    ];
  }
}

const digits = (value: number): string => String(Number(value.toPrecision(9)));

const csvLine = (cells: readonly string[]) => `${lineOf(cells)}\n`;

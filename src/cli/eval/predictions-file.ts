/**
 * The predictions as CSV, one line per row of the file:
 *
 *   timestamp, then for each target its value, then for each horizon h the prediction made for this row h rows before
 *   (`flow_h5`) and its error (`flow_h5_error`, prediction - value), then anomaly_score
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

export class PredictionsFile {
  private text: string;
  /** The outputs of each target, by their index in y. */
  private readonly order: readonly (readonly number[])[];

  private constructor(
    private readonly file: FileHandle,
    { targets, outputs }: Pick<Pass, 'targets' | 'outputs'>,
  ) {
    this.order = targets.map((_, k) => outputs.flatMap((output, m) => (output.k === k ? [m] : [])));
    this.text = csvLine(['timestamp', ...this.order.flatMap((ms) => namesOf(ms, outputs)), 'anomaly_score']);
  }

  static async create(path: string, pass: Pick<Pass, 'targets' | 'outputs'>): Promise<PredictionsFile> {
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

  private lineOf({ row, timestamp, truth, made, result }: PassRow): string {
    const cells = [timestamp ?? String(row)];
    this.order.forEach((ms, k) => {
      const value = truth[k]!;
      cells.push(value === null ? '' : String(value));
      for (const m of ms) {
        const prediction = made[m]!;
        const written = prediction === null ? '' : shortest(prediction);
        const isKnown = prediction !== null && value !== null;
        cells.push(written, isKnown ? String(Number((Number(written) - value).toPrecision(9))) : '');
      }
    });
    return csvLine([...cells, shortest(result.anomaly)]);
  }
}

function namesOf(ms: readonly number[], outputs: readonly Output[]): string[] {
  const { target } = outputs[ms[0]!]!;
  return [
    target,
    ...ms.flatMap((m) => {
      const name = `${target}_h${outputs[m]!.horizon}`;
      return [name, `${name}_error`];
    }),
  ];
}

const csvLine = (cells: readonly string[]) => `${lineOf(cells)}\n`;

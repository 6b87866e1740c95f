/** The evaluation behind eddy eval: one pass over a file. */
import { writeFile } from 'node:fs/promises';
import { EddyError } from '../../errors.js';
import { say, writeLine } from '../shared/output.js';
import { openTextRows } from '../shared/rows.js';
import { LiveView, progressLine } from '../shared/terminal.js';
import { type BadRowPolicy, BadRows } from './bad-rows.js';
import { type ColumnOptions, Columns } from './column-choice.js';
import { buildSpec, type SpecOptions } from './evaluation-spec.js';
import { PredictionsFile } from './predictions-file.js';
import { renderReport } from './report/report.js';
import { ReportSeries } from './report/report-series.js';
import { Pass } from './scoring-pass.js';
import { countOf, Summary, toText } from './summary-table.js';

export interface EvalOptions extends ColumnOptions, SpecOptions {
  readonly target?: readonly string[] | undefined;
  readonly skip: number;
  readonly onBadRow: BadRowPolicy;
  readonly predictions?: string | undefined;
  readonly report?: string | undefined;
  readonly json: boolean;
}

/** Rows examined before the first is taken, to find the columns that hold numbers. */
const HEAD = 64;

export async function evaluate(file: string, options: EvalOptions): Promise<void> {
  const bad = new BadRows(options.onBadRow);
  const onBadRow = bad.policy === 'skip' ? bad.take.bind(bad) : undefined;
  const source = await openTextRows(file, { onBadRow });
  const { head, all } = await lookAhead(source.rows, HEAD);
  if (head.length === 0) throw new EddyError('input-invalid', `${file} has no rows`);
  const columns = new Columns(head, options);
  const pass = new Pass(await buildSpec(options, columns), columns, options.skip);
  const summary = new Summary();
  const series = options.report === undefined ? null : new ReportSeries(pass);
  const predictions =
    options.predictions === undefined ? null : await PredictionsFile.create(options.predictions, pass);
  const view = new LiveView(process.stderr);
  const began = performance.now();
  const picture = () => {
    const rate = pass.rows / Math.max(1e-3, (performance.now() - began) / 1000);
    return progressLine(file, source.share(), countOf(pass.rows, 'row'), rate);
  };
  try {
    for await (const textRow of all) {
      const row = attempt(
        () => columns.read(textRow),
        (error) => bad.take(textRow.line, error),
      );
      if (!row) continue;
      const passed = pass.step(row);
      summary.add(passed);
      series?.add(passed);
      await predictions?.write(passed);
      view.draw(picture);
    }
  } finally {
    await predictions?.close();
  }
  if (pass.rows === 0) throw new EddyError('input-invalid', `${file} has no readable rows`);
  view.finish(picture());
  for (const { message } of bad.first) say(`skipped: ${message}`);
  if (bad.count > 0) say(`${countOf(bad.count, 'bad row')} skipped`);
  const result = summary.read(file, pass, columns, { skip: options.skip, bad });
  if (series && options.report !== undefined)
    await writeFile(options.report, await renderReport(result, series.read()));
  await writeLine(options.json ? JSON.stringify(result) : toText(result));
}

function attempt<T>(work: () => T, onError: (error: unknown) => void): T | null {
  try {
    return work();
  } catch (error) {
    onError(error);
    return null;
  }
}

/** Takes the first items, and gives them with an iteration over all. */
async function lookAhead<T>(
  items: AsyncIterable<T>,
  count: number,
): Promise<{ head: T[]; all: AsyncIterable<T> }> {
  const iterator = items[Symbol.asyncIterator]();
  const head: T[] = [];
  while (head.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    head.push(value);
  }
  async function* all() {
    yield* head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head, all: all() };
}

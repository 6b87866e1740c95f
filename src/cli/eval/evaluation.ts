/** The evaluation behind eddy eval: one pass over a file. */
import { writeFile } from 'node:fs/promises';
import { EddyError } from '../../errors.js';
import { tellChoice, tellReport } from '../../reading/index.js';
import { say, writeLine } from '../shared/output.js';
import { type ReadingFlags, readingOptions } from '../shared/reading-options.js';
import { openSensorFile } from '../shared/sensor-file.js';
import { readSpec } from '../shared/spec-file.js';
import { countOf, LiveView, progressLine } from '../shared/terminal.js';
import { buildSpec, type SpecOptions } from './evaluation-spec.js';
import { PredictionsFile } from './predictions-file.js';
import { renderReport } from './report/report.js';
import { ReportSeries } from './report/report-series.js';
import { Pass } from './scoring-pass.js';
import { type InputOptions, StepInputs } from './step-inputs.js';
import { Summary, toText } from './summary-table.js';

export interface EvalOptions extends ReadingFlags, InputOptions, SpecOptions {
  readonly target?: readonly string[] | undefined;
  /** The columns the model sees; `columns` by another name. */
  readonly features?: readonly string[] | undefined;
  readonly skip: number;
  readonly predictions?: string | undefined;
  readonly report?: string | undefined;
  readonly classes?: readonly string[] | true | undefined;
  readonly json: boolean;
}

export async function evaluate(file: string, { calendar, ...flags }: EvalOptions): Promise<void> {
  if (flags.classes !== undefined)
    throw new EddyError(
      'setting-invalid',
      '--classes: eddy eval scores forecasts; eddy push --classes trains a classifier on a server, whose metrics score it',
    );
  const options = { ...flags, calendar: calendar ?? (await timeIn(flags.model)) };
  const source = await openSensorFile(file, toRead(options));
  for (const line of tellChoice(source.choice)) say(line);
  const inputs = new StepInputs(source.choice, options);
  const pass = new Pass(await buildSpec(options, inputs), inputs, options.skip);
  const summary = new Summary(pass.targets);
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
    for await (const row of source.rows) {
      const passed = pass.step(inputs.read(row));
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
  const report = source.report();
  for (const line of tellReport(report)) say(line);
  const result = summary.read(file, pass, inputs, { skip: options.skip, choice: source.choice, report });
  if (series && options.report !== undefined)
    await writeFile(options.report, await renderReport(result, series.read()));
  await writeLine(options.json ? JSON.stringify(result) : toText(result));
}

/** Gives the features of the time in the spec of --model. */
async function timeIn(model: string | undefined): Promise<EvalOptions['calendar']> {
  const { inputs } = model === undefined ? {} : await readSpec(model);
  const time = typeof inputs === 'object' && inputs !== null && 'time' in inputs ? inputs.time : null;
  return Array.isArray(time) && time.length > 0 ? time : undefined;
}

/** Reads the columns the model sees and those it forecasts; with features of the time, no row is without one. */
function toRead(options: EvalOptions) {
  const { target = [], calendar = [], features, ...flags } = options;
  const columns = features ?? flags.columns;
  return {
    ...readingOptions(flags),
    // targets are features too
    ...(columns ? { columns: [...new Set([...columns, ...target])] } : { also: target }),
    requireTime: calendar.length > 0,
  };
}

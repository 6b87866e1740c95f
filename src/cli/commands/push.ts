/** eddy push: streams a file, or standard input, into a sequence. */
import { type Command, Option } from 'commander';
import type { SequenceHandle } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import { TIME_KINDS, TimeFeatures, type TimeKind } from '../../features/time-features.js';
import { addTokenFile, tokenFrom } from '../shared/client-token.js';
import { DEFAULT_URL, nameList, positiveNumber, someOf, wholeNumber } from '../shared/option-parsers.js';
import { writeLine } from '../shared/output.js';
import { openRows, type RowFormat, timeOf } from '../shared/rows.js';
import { readSpec } from '../shared/spec-file.js';
import { StepTimer } from '../shared/step-timer.js';
import { grouped, LiveView, progressLine } from '../shared/terminal.js';

interface PushOptions {
  tokenFile?: string;
  url: string;
  sequence: string;
  columns?: string[];
  format?: RowFormat;
  rate: number;
  model?: string;
  units: number;
  json: boolean;
  timestamp: string;
  calendar?: TimeKind[];
}

export function addPush(program: Command): void {
  addTokenFile(program.command('push'))
    .description('stream the rows of a CSV or NDJSON file, or of standard input, into a sequence')
    .argument('<file>', 'the file, or - for standard input')
    .requiredOption('--sequence <name>', 'the sequence; created if it does not exist')
    .option('--url <url>', 'address of the server', DEFAULT_URL)
    .option('--columns <a,b>', 'columns to send, in order (default: all that hold numbers)', nameList)
    .addOption(
      new Option('--format <format>', 'by default from the file name; csv for -').choices(['csv', 'ndjson']),
    )
    .option('--timestamp <column>', 'column with the time, for --calendar', 'timestamp')
    .option(
      '--calendar <kinds>',
      `features of the time to append to the columns: ${TIME_KINDS.join(', ')}`,
      someOf(TIME_KINDS),
    )
    .option('--rate <steps>', 'steps per second; 0 for as fast as possible', positiveNumber, 0)
    .option('--model <file>', 'JSON file with the model spec of a new sequence; features may be omitted')
    .option('--units <n>', 'hidden units of a new sequence without --model', wholeNumber(1), 32)
    .option('--json', 'print a summary as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ eddy push pump.csv --sequence pump --columns pressure,flow
  $ tail -f sensor.ndjson | eddy push - --format ndjson --sequence sensor
  $ eddy push pump.csv --sequence pump --rate 100 --model spec.json --json`,
    )
    .action(push);
}

async function push(file: string, options: PushOptions): Promise<void> {
  const { connect } = await import('../../../client/sdk/node.js');
  const { url, sequence, rate, json, timestamp, calendar, tokenFile } = options;
  const time = calendar && new TimeFeatures(calendar);
  const spec = options.model ? await readSpec(options.model) : {};
  // before opening the rows, which begin to flow at once
  const token = await tokenFrom(tokenFile);
  const source = await openRows(file, { columns: options.columns, format: options.format });
  const client = connect(url, { agent: 'eddy push', ...token });
  const refused = new Promise<never>((_resolve, reject) => {
    client.errors$.subscribe(({ error }) => reject(error));
    client.state$.subscribe((state) => {
      if (state.status === 'closed') reject(state.reason);
    });
  });
  refused.catch(() => undefined);
  const view = new LiveView(process.stderr);
  const began = performance.now();
  let steps = 0;
  const picture = () => {
    const rate = steps / Math.max(1e-3, (performance.now() - began) / 1000);
    return progressLine(sequence, source.share(), `${grouped(steps)} steps`, rate);
  };
  const work = async () => {
    let handle = null as SequenceHandle | null;
    const pace = new StepTimer(rate);
    try {
      for await (const row of source.rows) {
        const columns = row.values.length;
        const values = time ? time.of(timeOf(row, timestamp), row.values) : row.values;
        handle ??= client.open(sequence, {
          spec: {
            units: options.units,
            features: values.length,
            ...(time && { task: forecastOf(columns) }),
            ...spec,
          },
        });
        await pace.next();
        if (handle.room === 0) await handle.ready();
        handle.push(values);
        steps++;
        view.draw(picture);
      }
    } finally {
      // the rows before a bad one still count
      await handle?.drained();
    }
    if (!handle) throw new EddyError('input-invalid', `${file} has no rows`);
    return (await handle.opened).seq;
  };
  try {
    const firstSeq = (await Promise.race([work(), refused])) + 1;
    const seconds = (performance.now() - began) / 1000;
    view.finish(picture());
    if (json)
      await writeLine(JSON.stringify({ sequence, steps, firstSeq, lastSeq: firstSeq + steps - 1, seconds }));
  } finally {
    client.close();
  }
}

/** Forecasts the columns only: features of the time are known in advance. */
const forecastOf = (columns: number) => ({
  kind: 'forecast' as const,
  targets: Array.from({ length: columns }, (_, i) => i),
});

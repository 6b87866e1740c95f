/** eddy push: streams a file, or standard input, into a sequence. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { AGGREGATES, type Aggregate } from '../../features/aggregates.js';
import { TIME_KINDS } from '../../features/time-features.js';
import { namesOf } from '../../reading/index.js';
import type { PushOptions } from '../push/push-run.js';
import { addConnectionOptions } from '../shared/connection-options.js';
import { durationText, positiveNumber, someOf, wholeNumber } from '../shared/option-parsers.js';
import { addReadingOptions, names } from '../shared/reading-options.js';

export function addPush(program: Command): void {
  const command = program
    .command('push')
    .description('stream the rows of a CSV, NDJSON or JSON file, or of standard input, into a sequence')
    .argument('<file>', 'the file, which may be gz; - for standard input')
    .requiredOption('--sequence <name>', 'the sequence; created if it does not exist')
    .option('--by <column>', 'a sequence NAME/VALUE for each value of a column, 1,000 at most')
    .option('--target <a,b>', 'columns with targets, which make a new sequence supervised', names)
    .option('--classes [names]', 'the target is a class: the names of all, or those of the file', classNames)
    .option('--units <n>', 'hidden units (default: 32 for a new sequence)', wholeNumber(1))
    .option(
      '--calendar <kinds>',
      `features of the time the model makes: ${TIME_KINDS.join(', ')}`,
      someOf(TIME_KINDS),
    )
    .option('--model <file>', 'JSON file with the model spec of a new sequence; features may be left out')
    .option('--every <duration>', 'resample to steps of this length, as 10s or 5m', durationText(1))
    .option(
      '--aggregate <how>',
      `how the rows of a step become one: ${AGGREGATES.join(', ')}, or temp=mean,flow=sum (default: last)`,
      aggregate,
    )
    .option(
      '--lateness <duration>',
      'how long a step waits for rows out of order, as 2s (default: 0s)',
      durationText(0),
    )
    .option('--append', 'let the server number the rows, for several producers of one sequence', false)
    .addOption(
      new Option('--resume', 'pass over the rows that the sequence has, by their time, or number')
        .default(false)
        .conflicts('append'),
    )
    .option('--skip <rows>', 'rows at the beginning to pass over', wholeNumber(0), 0)
    .option('--rate <steps>', 'steps per second; 0 for as fast as possible', positiveNumber, 0)
    .option('--json', 'print a summary as JSON', false);
  addConnectionOptions(addReadingOptions(command))
    .addHelpText(
      'after',
      `
How the file is written is found out; what is taken, what is left out and why goes to stderr. Names and units
become the fields of the sequence, times the times of its steps. A sequence that exists is taken with the model it
has, and its fields are found by name, in whatever order the file has them.

A row leaves when its line has ended. Every row that is acked is durable. Ctrl-C says how many that are; the same
command with --resume goes on after them. Rows of --append have keys made of the file's path, the line and the time,
so that the same file, pushed again, doubles none of its last 10,000 rows.

Exit codes: 0 all rows are durable, 1 failed or short of that, 2 wrong usage, 130 interrupted.

Examples:
  $ eddy push pump.csv --sequence pump --columns pressure,flow
  $ eddy push pump.csv --sequence pump --resume
  $ tail -f sensor.ndjson | eddy push - --sequence sensor
  $ eddy push rooms.csv --sequence rooms --by device --calendar hour,weekday
  $ eddy push meter.csv --sequence meter --every 1m --aggregate mean --lateness 10s
  $ eddy push motion.csv --sequence motion --target activity --classes
  $ eddy push gateway-1.csv --sequence plant --append`,
    )
    .action(async (file: string, options: PushOptions) => {
      const { push } = await import('../push/push-run.js');
      await push(file, options);
    });
}

const classNames = (text: string): string[] => names(text);

/** Parses one way for all fields, or one for each that is named: `temp=mean,"in, side"=last`. */
function aggregate(text: string): Aggregate | Record<string, Aggregate> {
  if (isAggregate(text)) return text;
  const pairs = namesOf(text).map((pair) => {
    const at = pair.lastIndexOf('=');
    const how = pair.slice(at + 1).trim();
    if (at > 0 && isAggregate(how)) return [pair.slice(0, at).trim(), how] as const;
    throw new InvalidArgumentError(
      `${pair} is none of ${AGGREGATES.join(', ')}, nor one for a field, as flow=sum.`,
    );
  });
  return Object.fromEntries(pairs);
}

const isAggregate = (text: string): text is Aggregate => AGGREGATES.some((one) => one === text);

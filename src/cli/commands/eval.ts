/** eddy eval: one pass over a file through the model that the server runs, and its scores. */
import { type Command, Option } from 'commander';
import { TIME_KINDS } from '../../features/time-features.js';
import { CELL_NAMES, LEARNER_NAMES, OPTIMIZER_NAMES } from '../../rnn/spec/spec.js';
import type { EvalOptions } from '../eval/evaluation.js';
import { nameList, numberFrom, positiveNumber, someOf, wholeNumber } from '../shared/option-parsers.js';
import { addReadingOptions, names } from '../shared/reading-options.js';

export function addEval(program: Command): void {
  addReadingOptions(program.command('eval'))
    .description('forecast a CSV, NDJSON or JSON file row by row, in one pass, and score it')
    .argument('<file>', 'the file, which may be gz; - for standard input')
    .option('--target <a,b>', 'columns to forecast (default: all features)', names)
    .addOption(new Option('--classes [names]').hideHelp())
    .option('--features <a,b>', 'columns the model sees, the same as --columns', names)
    .option(
      '--calendar <kinds>',
      `features of the time the model makes: ${TIME_KINDS.join(', ')}`,
      someOf(TIME_KINDS),
    )
    .option('--horizon <n,m>', 'rows ahead, one or several (default: 1)', wholeNumbers)
    .option('--season <rows>', 'rows in a season, where it is known; others are found', wholeNumber(2))
    .option(
      '--interval <p>',
      'probability of the range around each forecast, 0.5 to 0.999 (default: 0.9)',
      numberFrom(0.5, 0.999),
    )
    .addOption(
      new Option('--forecaster <who>', 'a mixture with plain forecasters, or the network alone').choices([
        'mixture',
        'network',
      ]),
    )
    .option('--skip <rows>', 'rows at the beginning to learn from without scoring', wholeNumber(0), 0)
    .option('--model <file>', 'JSON file with a model spec; the options below override it')
    .option('--units <n>', 'hidden units (default: 32)', wholeNumber(1))
    .addOption(new Option('--cell <kind>', 'kind of cell; simple-rnn if left out').choices(CELL_NAMES))
    .addOption(new Option('--learner <kind>', 'how gradients are computed').choices(LEARNER_NAMES))
    .option('--k1 <rows>', 'one update per this many rows', wholeNumber(1))
    .option('--k2 <rows>', 'rows that gradients flow back through, for tbptt', wholeNumber(1))
    .addOption(new Option('--optimizer <kind>', 'how gradients change the weights').choices(OPTIMIZER_NAMES))
    .option('--learning-rate <rate>', 'learning rate', positiveNumber)
    .option('--seed <n>', 'seed of the first weights', wholeNumber(0, 0xffff_ffff))
    .option('--predictions <file>', 'write the predictions of each row as CSV')
    .option('--report <file>', 'write an HTML page with charts that needs no network')
    .option('--json', 'print all figures as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ eddy eval pump.csv --target flow --horizon 1,5
  $ eddy eval pump.csv --calendar hour,weekday --season 24 --skip 500 --report pump.html
  $ eddy eval pump.csv --learner snap-1 --optimizer rmsprop --predictions out.csv --json

The model learns as it goes: each row is predicted from the rows before it alone, scored, and then learned from. An
empty cell is a missing number. The same file and options give the same output, byte for byte.`,
    )
    .action(async (file: string, options: EvalOptions) => {
      const { evaluate } = await import('../eval/evaluation.js');
      await evaluate(file, options);
    });
}

const wholeNumbers = (text: string): number[] => nameList(text).map(wholeNumber(1));

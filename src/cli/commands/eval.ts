/** eddy eval: one pass over a file, through the model that the server serves, and what it came to. */
import { type Command, Option } from 'commander';
import { TIME_KINDS } from '../../features/time-features.js';
import { CELL_NAMES, LEARNER_NAMES, OPTIMIZER_NAMES } from '../../rnn/spec/spec.js';
import { POLICIES } from '../eval/bad-rows.js';
import type { EvalOptions } from '../eval/evaluation.js';
import { nameList, positiveNumber, timeKinds, wholeNumber } from '../shared/option-parsers.js';

export function addEval(program: Command): void {
  program
    .command('eval')
    .description('forecast a CSV file row by row, in one pass, and say how well')
    .argument('<file>', 'the file, with a header; - for standard input')
    .option('--target <a,b>', 'columns to forecast; all features if left out', nameList)
    .option('--features <a,b>', 'columns the model sees; all that hold numbers if left out', nameList)
    .option('--timestamp <column>', 'column of the time; timestamp, time, date or datetime if left out')
    .option('--calendar <kinds>', `features made of the time: ${TIME_KINDS.join(', ')}`, timeKinds)
    .option('--horizon <n,m>', 'rows ahead, one or several; 1 if left out', wholeNumbers)
    .option('--season <rows>', 'rows in a season, which the forecast is measured against', wholeNumber(2))
    .option('--skip <rows>', 'rows at the beginning that are learned from and not scored', wholeNumber(0), 0)
    .addOption(
      new Option('--on-bad-row <what>', 'what to do with a row that cannot be read')
        .choices(POLICIES)
        .default('fail'),
    )
    .option('--model <file>', 'model spec as JSON; the options below go before it')
    .option('--units <n>', 'hidden units; 32 if left out', wholeNumber(1))
    .addOption(new Option('--cell <kind>', 'kind of cell; simple-rnn if left out').choices(CELL_NAMES))
    .addOption(new Option('--learner <kind>', 'how gradients are found').choices(LEARNER_NAMES))
    .option('--k1 <rows>', 'one update every so many rows', wholeNumber(1))
    .option('--k2 <rows>', 'rows that gradients go back, of tbptt', wholeNumber(1))
    .addOption(new Option('--optimizer <kind>', 'how weights follow them').choices(OPTIMIZER_NAMES))
    .option('--learning-rate <rate>', 'learning rate', positiveNumber)
    .option('--seed <n>', 'seed of the first weights', wholeNumber(0, 0xffff_ffff))
    .option('--predictions <file>', 'write what was predicted for each row as CSV')
    .option('--report <file>', 'write a page with charts, which needs no network')
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

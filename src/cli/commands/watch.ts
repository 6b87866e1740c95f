/** eddy watch: shows the results of a sequence, live. */
import { type Command, Option } from 'commander';
import { take } from 'rxjs';
import { VIEWS, type View } from '../../protocol/views/index.js';
import { addTokenFile, tokenFrom } from '../shared/client-token.js';
import { DEFAULT_URL, wholeNumber } from '../shared/option-parsers.js';
import { colorsFor, interrupted, say } from '../shared/output.js';
import { sparkline } from '../shared/terminal.js';

interface WatchOptions {
  tokenFile?: string;
  url: string;
  view: View;
  every: number;
  latest: boolean;
  count?: number;
  json: boolean;
}

export function addWatch(program: Command): void {
  addTokenFile(program.command('watch'))
    .description('show the hidden states of a sequence, or another view of it, live')
    .argument('<name>', 'the sequence; waits for one that does not exist yet')
    .option('--url <url>', 'address of the server', DEFAULT_URL)
    .addOption(new Option('--view <view>', 'what to show').choices(VIEWS).default('states'))
    .option('--every <ms>', 'at most one delivery per this many milliseconds', wholeNumber(0, 60_000), 0)
    .option('--latest', 'only the newest result of each delivery', false)
    .option('--count <n>', 'stop after this many results', wholeNumber(1))
    .option('--json', 'one JSON object per line', false)
    .addHelpText(
      'after',
      `
Examples:
  $ eddy watch pump
  $ eddy watch pump --view metrics --every 1000 --latest
  $ eddy watch pump --view predictions --json | jq .y`,
    )
    .action(watch);
}

async function watch(
  name: string,
  { url, view, every, latest, count, json, tokenFile }: WatchOptions,
): Promise<void> {
  const { connect } = await import('../../../client/sdk/node.js');
  const client = connect(url, { agent: 'eddy watch', ...(await tokenFrom(tokenFile)) });
  const done = new Promise<void>((resolve, reject) => {
    client.errors$.subscribe(({ error }) => say(`${error.code}: ${error.message}`));
    client.state$.subscribe((state) => {
      if (state.status === 'waiting')
        say(`${state.reason.message}; trying again in ${Math.round(state.delay)} ms`);
      if (state.status === 'closed') reject(state.reason);
    });
    client
      .watch(name)
      .view(view, { every, delivery: latest ? 'latest' : 'every' })
      .pipe(take(count ?? Number.POSITIVE_INFINITY))
      .subscribe({
        next: (result) => process.stdout.write(`${json ? toJson(result) : toText(result)}\n`),
        error: reject,
        complete: resolve,
      });
  });
  process.stdout.on('error', () => process.exit(0));
  try {
    await Promise.race([done, interrupted()]);
  } finally {
    client.close();
  }
}

const toJson = (result: object) =>
  JSON.stringify(result, (_key, value) => (isNumbers(value) ? Array.from(value) : value));

const isNumbers = (value: unknown): value is Float32Array | Float64Array =>
  value instanceof Float32Array || value instanceof Float64Array;

/** The most units drawn on one line. */
const MAX_DRAWN = 64;

/** A reading keeps its digits. */
const readingText = (value: number) => (Number.isNaN(value) ? 'gap' : String(value));

function toText(result: object): string {
  const c = colorsFor(process.stdout);
  const parts = Object.entries(result).flatMap(([key, value]) => {
    if (key === 'skipped') return value > 0 ? [c.yellow(`${value} skipped`)] : [];
    if (key === 'seq') return [c.bold(String(value).padStart(8))];
    if (key === 't') return value === null ? [] : [c.dim(new Date(value).toISOString())];
    if (key === 'x' && value.length <= MAX_DRAWN)
      return [Array.from(value as Float64Array, readingText).join('  ')];
    if (key === 'h')
      return [c.cyan(sparkline(value.subarray(0, MAX_DRAWN), -1, 1)), c.dim(`${value.length} units`)];
    if (isNumbers(value) && value.length > MAX_DRAWN) return [`${c.dim(key)} ${value.length} numbers`];
    if (isNumbers(value))
      return [Array.from<number, string>(value, (number) => number.toPrecision(5)).join('  ')];
    const shown =
      typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(4) : JSON.stringify(value);
    return [`${c.dim(key)} ${shown}`];
  });
  return parts.join('  ');
}

/** eddy watch: shows the results of a sequence, live or from the past on. */
import { type Command, Option } from 'commander';
import { take } from 'rxjs';
import { VIEWS, type View } from '../../protocol/views/index.js';
import { addConnectionOptions } from '../shared/connection-options.js';
import { pastTime, wholeNumber } from '../shared/option-parsers.js';
import { interrupted, say } from '../shared/output.js';
import { type ConnectionFlags, connectServer } from '../shared/server-connection.js';
import { resultJson } from '../watch/result-json.js';
import { namesOf, type ResultNames } from '../watch/result-names.js';
import { resultText } from '../watch/result-text.js';

interface WatchOptions extends ConnectionFlags {
  readonly view: View;
  readonly last?: number;
  readonly since?: number;
  readonly every: number;
  readonly latest: boolean;
  readonly count?: number;
  readonly json: boolean;
}

export function addWatch(program: Command): void {
  addConnectionOptions(program.command('watch'))
    .description('show the hidden states of a sequence, or another view of it, live')
    .argument('<name>', 'the sequence; waits for one that does not exist yet')
    .addOption(new Option('--view <view>', 'what to show').choices(VIEWS).default('states'))
    .option('--last <n>', 'begin with what came of the last steps', wholeNumber(0, 0xffff_ffff))
    .addOption(
      new Option('--since <when>', 'begin at a time, 2026-01-31T08:00Z, or so long ago, 10m, 2h or 3d')
        .argParser(pastTime(Date.now))
        .conflicts('last'),
    )
    .option('--every <ms>', 'at most one delivery per this many milliseconds', wholeNumber(0, 60_000), 0)
    .option('--latest', 'only the newest result of each delivery', false)
    .option('--count <n>', 'stop after this many results', wholeNumber(1))
    .option('--json', 'one JSON object per line', false)
    .addHelpText(
      'after',
      `
A line has the number of a step, its time in UTC, and its numbers by name with their units; – is a gap. With --json,
t is in milliseconds since 1970, x and y are arrays in the order of names, and a gap is null.

Examples:
  $ eddy watch pump
  $ eddy watch pump --view inputs --last 20
  $ eddy watch pump --view predictions --since 2h --json | jq .y
  $ eddy watch pump --view metrics --every 1000 --latest`,
    )
    .action(watch);
}

async function watch(name: string, options: WatchOptions): Promise<void> {
  const { view, every, latest, last, since, count, json } = options;
  const { client, opened, failed } = await connectServer(options, 'eddy watch');
  const sequence = client.watch(name);
  let names: ResultNames | null = null;
  sequence.joined$.subscribe({
    next: (joined) => {
      names = namesOf(joined);
    },
    // the view tells of the same error
    error: () => undefined,
  });
  const past = { ...(last !== undefined && { last }), ...(since !== undefined && { from: since }) };
  const done = new Promise<void>((resolve, reject) => {
    sequence
      .view(view, { every, delivery: latest ? 'latest' : 'every', ...past })
      .pipe(take(count ?? Number.POSITIVE_INFINITY))
      .subscribe({
        next: (result) =>
          process.stdout.write(`${json ? resultJson(result, names) : resultText(result, names)}\n`),
        error: reject,
        complete: resolve,
      });
  });
  const absent = opened.then(async () => {
    const { sequences } = await client.list({ sequence: name });
    if (sequences.length === 0) say(`there is no sequence ${name} yet; waiting for it`);
  });
  absent.catch(() => undefined);
  try {
    await Promise.race([done, interrupted(), failed]);
  } finally {
    client.close();
  }
}

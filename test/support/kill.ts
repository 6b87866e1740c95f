/** A server that is killed again and again while producers push and a subscriber listens. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { connect } from '../../client/sdk/node.js';
import { backUpAndCompare } from './backups-under-kill.js';
import { freePort, serve } from './data-folder.js';
import { compare, PRODUCERS, produce } from './producers.js';

export interface KillOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  /** Milliseconds that a server lives, at least and at most. */
  readonly life: readonly [number, number];
  /** Settings of the servers, as environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where backups are made meanwhile, of which some are killed too; none if left out. */
  readonly backups?: string;
}

export interface KillReport {
  readonly kills: number;
  readonly steps: Readonly<Record<string, number>>;
  /** Where a server knew less than it had acked. */
  readonly lost: readonly string[];
  /** Sequences that are not what they would be if nothing had happened. */
  readonly wrong: readonly string[];
  /** States that the subscriber got, of them twice, and steps that it was told it missed. */
  readonly seen: { readonly states: number; readonly again: number; readonly skipped: number };
  /** Steps whose state it never got, and was not told of; states that came again with other bits. */
  readonly holes: readonly number[];
  /** Backups that were finished and hold what was acked before they began, and such that were killed. */
  readonly backups: { readonly whole: number; readonly killed: number };
}

/** Kills servers on one folder, and tells what became of the sequences. */
export async function killAndCompare(options: KillOptions): Promise<KillReport> {
  const { folder, kills, seed, life, env, backups } = options;
  const random = xoroshiro128plus(seed);
  const draw = (low: number, high: number) => low + ((random.next() >>> 0) % (high - low + 1));
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}`;
  let server = await serve(folder, port, env);
  const clients = PRODUCERS.map(() => connect(url, { backOff: { min: 10, max: 50 } }));
  const lost: string[] = [];
  const isOver = { now: false };
  const acked: number[] = [];
  const runs = PRODUCERS.map((producer, i) => produce(producer, clients[i]!, isOver, lost, acked));
  const backing =
    backups === undefined ? null : backUpAndCompare({ folder, to: backups, acked, isOver, draw });
  const subscriber = subscribe(url);

  for (let i = 0; i < kills; i++) {
    await new Promise((resolve) => setTimeout(resolve, draw(...life)));
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
    server = await serve(folder, port, env);
  }
  isOver.now = true;
  const totals = await Promise.all(runs);
  const seen = await subscriber.end(totals[0]! - 1);
  for (const client of clients) client.close();
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
  const backed = (await backing) ?? { wrong: [], whole: 0, killed: 0 };
  const wrong = [...backed.wrong, ...(await compare(folder, totals))];
  const { whole, killed } = backed;
  const steps = Object.fromEntries(PRODUCERS.map(({ name }, i) => [name, totals[i]!]));
  return { kills, steps, lost, wrong, backups: { whole, killed }, ...seen };
}

/** Listens to the first sequence through all kills. */
function subscribe(url: string) {
  const client = connect(url, { backOff: { min: 10, max: 50 } });
  const states = new Map<number, string>();
  const holes: number[] = [];
  let again = 0;
  let skipped = 0;
  let onStep: (seq: number) => void = () => undefined;
  client.watch(PRODUCERS[0]!.name).states$.subscribe(({ seq, skipped: missed, h }) => {
    const bits = Buffer.from(h.buffer, h.byteOffset, h.byteLength).toString('base64');
    const before = states.get(seq);
    if (before !== undefined) again++;
    if (before !== undefined && before !== bits) holes.push(seq);
    states.set(seq, bits);
    skipped += missed;
    onStep(seq);
  });
  return {
    /** Waits for the state of the last step. */
    async end(last: number) {
      if (!states.has(last))
        await new Promise<void>((resolve) => {
          onStep = (seq) => seq === last && resolve();
        });
      client.close();
      const first = Math.min(...states.keys());
      let unseen = 0;
      for (let seq = first; seq <= last; seq++) if (!states.has(seq)) unseen++;
      if (unseen > skipped) holes.push(-unseen);
      return { seen: { states: states.size, again, skipped }, holes };
    },
  };
}

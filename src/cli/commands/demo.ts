/** eddy demo: a server, a real client that streams a year of weather into it, and its results in the terminal. */
import type { Command } from 'commander';
import { DemoScreen, DemoState } from '../demo/demo-screen.js';
import { FIELDS, hourAt, readSeattle, TEMPERATURE } from '../demo/seattle.js';
import { positiveNumber, wholeNumber } from '../shared/option-parsers.js';
import { interrupted, say, writeLine } from '../shared/output.js';
import { StepTimer } from '../shared/step-timer.js';
import { LiveView } from '../shared/terminal.js';

/** Forecasts the temperature one hour ahead. */
export const DEMO_SPEC = {
  units: 32,
  task: { kind: 'forecast', horizon: 1, targets: [FIELDS[TEMPERATURE].name] },
} as const;
const SEQUENCE = 'seattle-weather';
/** Steps between two lines if the output is not a terminal. */
const LINE_EVERY = 500;

interface DemoOptions {
  steps?: number;
  rate: number;
  json: boolean;
}

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('stream a year of hourly weather through a server, and watch it learn to forecast')
    .option('--steps <n>', 'stop after this many steps (default: run until interrupted)', wholeNumber(1))
    .option('--rate <steps>', 'steps per second; 0 for as fast as possible', positiveNumber, 250)
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', '\nExamples:\n  $ eddy demo\n  $ eddy demo --steps 8000 --rate 0 --json')
    .action(demo);
}

async function demo({ steps = Number.POSITIVE_INFINITY, rate, json }: DemoOptions): Promise<void> {
  const { createServer } = await import('../../server/index.js');
  const server = createServer({ logLevel: 'silent' });
  const { port } = await server.listen({ port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const state = new DemoState();
  const screen = new DemoScreen(state, { url, sequence: SEQUENCE, units: DEMO_SPEC.units });
  const view = new LiveView(process.stdout);
  let stopped = false;
  void interrupted().then(() => {
    stopped = true;
  });
  try {
    const onStep = () => {
      if (process.stdout.isTTY) view.draw(() => screen.paint());
      else if (!json && state.steps % LINE_EVERY === 0) process.stdout.write(`${screen.line()}\n`);
    };
    await stream({ url, state, steps, rate, isStopped: () => stopped, onStep });
    if (json) await writeLine(JSON.stringify(state.summary()));
    else view.finish(screen.paint());
  } finally {
    await server.stop();
  }
}

interface StreamOptions {
  readonly url: string;
  readonly state: DemoState;
  readonly steps: number;
  readonly rate: number;
  readonly isStopped: () => boolean;
  readonly onStep: () => void;
}

/** Streams the year, over and over, and keeps the results in `state`. */
async function stream({ url, state, steps, rate, isStopped, onStep }: StreamOptions): Promise<void> {
  const { connect } = await import('../../../client/sdk/node.js');
  const hours = await readSeattle();
  const client = connect(url, { agent: 'eddy demo' });
  client.errors$.subscribe(({ error }) => say(`${error.code}: ${error.message}`));
  const handle = client.open(SEQUENCE, { spec: DEMO_SPEC, fields: FIELDS });
  handle.states$.subscribe(({ h }) => state.onState(h));
  handle.updates$.subscribe((update) => state.onUpdate(update));
  const forecasts = new Promise<void>((resolve) => {
    handle.predictions$.subscribe(({ seq, y }) => {
      state.onForecast(seq, y[0] as number);
      if (seq + 1 >= steps) resolve();
    });
  });
  try {
    await handle.opened;
    const pace = new StepTimer(rate);
    for (let t = 0; t < steps && !isStopped(); t++) {
      await pace.next();
      if (handle.room === 0) await handle.ready();
      const hour = hourAt(hours, t);
      state.onTruth(t, hour);
      handle.push(hour);
      onStep();
    }
    await handle.drained();
    if (!isStopped()) await forecasts;
  } finally {
    client.close();
  }
}

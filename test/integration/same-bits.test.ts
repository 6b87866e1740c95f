import { firstValueFrom, last, scan, takeWhile } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalRunner } from '../../client/dashboard/try/local-runner.js';
import { readingOptions } from '../../client/dashboard/try/reading-setting.js';
import type { Checkpoint } from '../../client/dashboard/try/runner.js';
import { ServerRunner } from '../../client/dashboard/try/server-runner.js';
import { parseSetting } from '../../client/dashboard/try/setting.js';
import { createSignal } from '../../client/dashboard/try/signal.js';
import { readTable, tableSignal } from '../../client/dashboard/try/table.js';
import { Run } from '../../client/dashboard/try/training-run.js';
import { connect } from '../../client/sdk/node.js';
import { startServer } from '../support/server.js';

const clients: { close(): void }[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

describe('a run in the server', () => {
  it.each([
    'v=1&steps=700',
    'v=1&steps=300&signal=sine&horizon=5&units=7&optimizer=sgd&rate=0.01',
    'v=1&steps=300&signal=add-task&k1=2&k2=12',
    'v=1&steps=250&units=5&learner=rtrl',
    'v=1&steps=250&units=5&learner=snap-1&k1=1',
  ])('[DSH27] has the bits of one beside the page: %s', async (query) => {
    const { url } = await startServer();
    const client = connect(url);
    clients.push(client);
    const setting = parseSetting(query);
    let local: LocalRunner | null = null;
    const here: Checkpoint[] = [];
    const run = new Run({
      setting: { ...setting, speed: 0 },
      signal: createSignal(setting),
      now: () => 0,
      openRunner: (_name, _runner, spec, steps) => {
        local = new LocalRunner(spec, steps);
        const runner = new ServerRunner(client, 'try/test', spec, steps);
        const push = runner.push.bind(runner);
        runner.push = (block) => {
          here.push(...local!.run(block).checkpoints);
          push(block);
        };
        return runner;
      },
    });
    const ended = firstValueFrom(
      run.state$.pipe(
        takeWhile(({ status }) => status === 'running', true),
        last(),
      ),
    );
    const fed = run.changes$.pipe(scan(() => run.tick(), undefined)).subscribe();
    run.tick();
    expect(await ended).toEqual({ status: 'ended', steps: setting.steps });
    fed.unsubscribe();
    const { checkpoints, skipped, states } = run.runners[0]!.record;
    expect([skipped, states.total]).toEqual([0, setting.steps]);
    expect(checkpoints).toEqual(here);
    expect(here.at(-1)?.count).toBe(setting.steps);
    run.close();
  });

  it('[DSH37] on a file has its fields, times and gaps, and the bits of one beside the page', async () => {
    const { url } = await startServer();
    const client = connect(url);
    clients.push(client);
    const lines = Array.from({ length: 150 }, (_, i) => {
      // one time lies before the others
      const time = new Date(Date.UTC(2024, 0, 1) + (i === 70 ? 3 : i) * 600_000).toISOString();
      return `${time},${i % 9 === 0 ? '' : (i % 13) / 7},${i % 5}`;
    });
    const file = new File([`time,temp [°C],hum (%)\n${lines.join('\n')}\n`], 'room.csv');
    const setting = parseSetting('v=1&signal=csv&speed=0&units=6&target=hum+(%25)&calendar=hour,elapsed');
    const table = await readTable(
      file,
      { options: readingOptions(setting.reading), columns: [] },
      {
        now: () => 0,
        pause: () => Promise.resolve(),
        onChoice: () => undefined,
        onRows: () => undefined,
        signal: new AbortController().signal,
      },
    );
    const here: Checkpoint[] = [];
    const run = new Run({
      setting,
      signal: tableSignal(table),
      now: () => 0,
      openRunner: (_name, _runner, spec, steps) => {
        const local = new LocalRunner(spec, steps);
        const runner = new ServerRunner(client, 'try/room', spec, steps, table.fields);
        const push = runner.push.bind(runner);
        runner.push = (block) => {
          here.push(...local.run(block).checkpoints);
          push(block);
        };
        return runner;
      },
    });
    const ended = firstValueFrom(
      run.state$.pipe(
        takeWhile(({ status }) => status === 'running', true),
        last(),
      ),
    );
    run.tick();
    expect(await ended).toEqual({ status: 'ended', steps: 150 });
    expect([run.steps, run.targets]).toEqual([150, [1]]);
    expect(run.runners[0]!.record.checkpoints).toEqual(here);
    expect(here.at(-1)?.count).toBe(150);
    const [listed] = (await client.list()).sequences;
    expect(listed?.fields).toEqual([
      { name: 'temp [°C]', unit: '°C' },
      { name: 'hum (%)', unit: '%' },
    ]);
    // a gap of the file is one of the charts
    expect([...run.truth.ring.view('x0')].filter(Number.isNaN)).toHaveLength(17);
    expect(run.truth.clock?.firstTime).toBe(Date.UTC(2024, 0, 1));
    run.close();
  });

  it('[DSH27] that the server refuses says so', async () => {
    const { url } = await startServer({ sequences: 1 });
    const client = connect(url);
    clients.push(client);
    const runners = ['one', 'one'].map((name, i) => {
      const own = i === 0 ? client : connect(url);
      if (i > 0) clients.push(own);
      return new ServerRunner(own, `try/${name}`, { features: 1, units: 4 }, 10);
    });
    const failed = await Promise.race(
      runners.map(
        (runner) => new Promise<{ code: string }>((resolve) => runner.batches$.subscribe({ error: resolve })),
      ),
    );
    expect(failed.code).toBe('sequence-exists');
  });

  it('[DSH36] leaves nothing in the server when it is left, and nothing of others is removed', async () => {
    const { url } = await startServer();
    const client = connect(url);
    clients.push(client);
    const known = async () => (await client.list()).sequences.map(({ sequence }) => sequence);
    const owner = client.open('try/taken', { spec: { features: 1, units: 2 } });
    await owner.opened;
    const others = connect(url);
    clients.push(others);
    const taken = new ServerRunner(others, 'try/taken', { features: 1, units: 2 }, 10);
    await new Promise((resolve) => taken.batches$.subscribe({ error: resolve }));
    taken.close();
    const own = new ServerRunner(others, 'try/own', { features: 1, units: 2 }, 10);
    await expect.poll(known).toEqual(['try/own', 'try/taken']);
    own.close();
    await expect.poll(known).toEqual(['try/taken']);
  });
});

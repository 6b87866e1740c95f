import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { Model } from '../../src/rnn/model.js';
import { file, run, runUnread, serve } from '../support/cli.js';
import { startServer } from '../support/server.js';

const CSV = `time,pressure,flow,valve\n${Array.from({ length: 20 }, (_, t) => `t${t},${t / 2},${-t},open`).join('\n')}\n`;
const lines = (text: string) => text.trim().split('\n');

describe('eddy', () => {
  it('[CLI1] explains itself, with examples, and tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    const commands = [[], ['serve'], ['push'], ['watch'], ['demo']];
    for (const { code, stdout, stderr } of await Promise.all(
      commands.map((args) => run([...args, '--help'])),
    )) {
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Examples:\n  $ eddy');
    }
  });

  it('[CLI2] exits with 2 where it is called wrongly, and says how', async () => {
    const calls = [
      [['dance'], 'dance'],
      [['serve', '--port', '99999'], 'from 0 to 65535'],
      [['serve', '--volume', '3'], '--volume'],
      [['push', 'x.csv'], '--sequence'],
      [['push', 'x.csv', '--sequence', 'a', '--rate', '-1'], 'at least 0'],
      [['push', 'x.csv', '--sequence', 'a', '--format', 'xml'], 'csv, ndjson, json'],
      [['watch', 'a', '--view', 'gradients'], 'states'],
      [['demo', '--steps', '0'], 'from 1'],
    ] as const;
    await Promise.all(
      calls.map(async ([args, words]) => {
        const { code, stdout, stderr } = await run(args);
        expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(words)]);
      }),
    );
  });
});

describe('eddy serve', () => {
  it('[CLI3] refuses an address that other machines can reach, unless told', async () => {
    const { code, stderr } = await run(['serve', '--port', '0', '--host', '0.0.0.0']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('address-refused')]);
    const open = await serve(['--host', '0.0.0.0', '--insecure']);
    expect((await open.stop()).code).toBe(0);
  });

  it('[CLI4] prints its address as data, logs to stderr, and ends on SIGTERM with 0', async () => {
    const { url, stop } = await serve();
    expect((await fetch(`${url.replace('ws', 'http')}/livez`)).status).toBe(200);
    const { code, stdout, stderr } = await stop();
    expect([code, lines(stdout)]).toEqual([0, [JSON.stringify({ url })]]);
    for (const line of lines(stderr)) expect(JSON.parse(line)).toMatchObject({ level: 30 });
  });

  it('[CLI4] exits with 1 where the port is taken', async () => {
    const { url } = await serve();
    const { code, stderr } = await run(['serve', '--port', new URL(url).port]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
  });
});

describe('eddy push and eddy watch', () => {
  it('[CLI5] carry the columns of a CSV file through a sequence, to whoever watches', async () => {
    const { url } = await startServer();
    const csv = file('pump.csv', CSV);
    const to = ['--url', url, '--sequence', 'pump', '--json', '--columns', 'flow,pressure', '--units', '4'];
    const watching = run(['watch', 'pump', '--url', url, '--json', '--count', '10']);
    let ended = false;
    void watching.then(() => {
      ended = true;
    });
    let pushes = 0;
    while (!ended) {
      const { code, stdout, stderr } = await run(['push', csv, ...to]);
      expect([code, stderr]).toEqual([0, expect.stringContaining('20 acked')]);
      const firstSeq = 20 * pushes++;
      expect(JSON.parse(stdout)).toMatchObject({
        sequence: 'pump',
        steps: 20,
        firstSeq,
        lastSeq: firstSeq + 19,
      });
    }
    const { code, stdout } = await watching;
    const seen = lines(stdout).map((line) => JSON.parse(line));
    const model = new Model({ features: 2, units: 4 });
    const h = Array.from({ length: 20 * pushes }, (_, t) => [...model.step([-(t % 20), (t % 20) / 2]).h]);
    expect([code, seen.length]).toEqual([0, 10]);
    for (const state of seen) expect(state.h).toEqual(h[state.seq]);
  });

  it('[CLI6] take NDJSON from standard input, objects or arrays, and a model spec from a file', async () => {
    const { url } = await startServer();
    const spec = file('spec.json', '{"features":2,"units":3,"readout":{"kind":"none"}}');
    const input = '{"a":1,"b":"2.5"}\n\n{"b":3,"a":4}\n';
    const args = [
      'push',
      '-',
      '--format',
      'ndjson',
      '--url',
      url,
      '--sequence',
      's',
      '--model',
      spec,
      '--json',
    ];
    const { code, stdout } = await run(args, { input });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { steps: 2 }]);
    expect((await run(args, { input: '[1,2]\n[3,4]\n' })).code).toBe(0);
  });

  it('[CLI10] let the model make features of the time, and refuse a row without one', async () => {
    const { url } = await startServer();
    const rows = ['2024-01-06T06:00:00,1', '2024-01-06T06:00:30,2'];
    const csv = file('flow.csv', `at,flow\n${rows.join('\n')}\n`);
    const calendar = ['--units', '3', '--calendar', 'hour,elapsed'];
    const to = ['--url', url, '--sequence', 's'];
    expect((await run(['push', csv, ...to, ...calendar])).code).toBe(0);
    const client = connect(url);
    const { sequences } = await client.list({ sequence: 's' });
    expect(sequences[0]).toMatchObject({
      fields: [{ name: 'flow' }],
      t: Date.UTC(2024, 0, 6, 6, 0, 30),
      spec: { features: 1, units: 3, inputs: { time: ['hour', 'elapsed'] } },
    });
    client.close();
    const other = await run(['push', csv, ...to, '--calendar', 'weekday']);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining('the features of the time hour,elapsed, not --calendar weekday'),
    ]);
    for (const [input, words] of [
      ['at,flow\n2024-01-06,1\nnoon,2\n2024-01-07,3\n', 'line 3: at is "noon", which is not a time'],
      ['at,flow\n2024-01-06,1\n,2\n', 'line 3: at is empty'],
    ] as const) {
      const bad = await run(['push', file('bad.csv', input), '--url', url, '--sequence', 'b', ...calendar]);
      expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining(words)]);
    }
    const none = await run(['push', file('a.csv', 'a\n1\n'), ...to, ...calendar]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('--calendar needs a time')]);
    const wrong = await run(['push', csv, ...to, '--calendar', 'moon']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('Unknown kind moon')]);
  });

  it('[CLI7] refuse a bad row by its line and column, after the rows before it were taken', async () => {
    const { url } = await startServer();
    const push = (sequence: string, input: string, ...args: string[]) =>
      run(['push', '-', '--url', url, '--sequence', sequence, ...args], { input });
    const refusals = [
      ['a,b\n1,2\n3,x\n', 'line 3: b is "x"'],
      ['a,b\n1,2\n3\n', 'line 3'],
      ['a,b\n1,2\n', 'unknown column "c"; the columns are a, b', '--columns', 'c'],
      ['a,b\n', 'no rows'],
      ['a\nx\n', 'no column holds a number (a: text, such as "x")'],
      ['{"a":1}\n{"a":\n', 'line 2', '--format', 'ndjson'],
      ['7\n{"a":1}\n', 'line 1: ', '--format', 'ndjson'],
    ] as const;
    await Promise.all(
      refusals.map(async ([input, words, ...args]) => {
        const { code, stderr } = await push(`from ${words}`.replace(/\W/g, '-'), input, ...args);
        expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
      }),
    );
    expect((await push('s', 'a,b\n1,2\n3,4\n5,x\n')).code).toBe(1);
    const next = await push('s', 'a,b\n1,2\n', '--json');
    expect([next.code, JSON.parse(next.stdout).firstSeq]).toEqual([0, 2]);
  });

  it('[CLI7] exit with 1 where the file, the spec or the server refuses', async () => {
    const { url } = await startServer();
    const csv = file('pump.csv', CSV);
    const to = ['--url', url, '--sequence', 'pump'];
    const refusals = [
      [['push', '/nowhere.csv', ...to], 'ENOENT'],
      [['push', csv, ...to, '--model', file('spec.json', '{')], 'spec-invalid'],
      [['push', csv, ...to, '--model', file('spec.json', '{"features":2,"units":0}')], 'units'],
      [['push', csv, '--url', url, '--sequence', '../pump'], 'sequence-name-invalid'],
    ] as const;
    await Promise.all(
      refusals.map(async ([args, words]) => {
        const { code, stdout, stderr } = await run(args);
        expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(words)]);
      }),
    );
  });

  it('[CLI4] ends without a complaint when nobody reads its output any more', async () => {
    expect(await runUnread(['serve', '--help'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('[CLI8] write no colours where the output is no terminal', async () => {
    const { url } = await startServer();
    const watching = run(['watch', 's', '--url', url, '--count', '1']);
    let ended = false;
    void watching.then(() => {
      ended = true;
    });
    const client = connect(url);
    const handle = client.open('s', { spec: { features: 1, units: 32 } });
    while (!ended) {
      handle.push([1]);
      await handle.drained();
    }
    client.close();
    const { stdout } = await watching;
    expect(stdout).toMatch(/^ +\d+ {2}\S+Z {2}[▁-█]{32} {2}32 units\n$/);
  });
});

describe('eddy demo', () => {
  it('[CLI9] forecasts the temperature one hour ahead better than "same as last hour" over the last 2,000 of 8,000 steps', async () => {
    const { code, stdout } = await run(['demo', '--steps', '8000', '--rate', '0', '--json']);
    const { steps, updates, scored, mae, naiveMae } = JSON.parse(stdout);
    // an update every 16 steps; the target of the last one has not come
    expect([code, steps, updates, scored]).toEqual([0, 8000, 499, 2000]);
    expect(naiveMae).toBeCloseTo(0.4532, 4);
    expect(mae).toBeLessThan(naiveMae);
  });

  it('[CLI9] shows what it does in lines where the output is no terminal, and ends by itself', async () => {
    const { code, stdout } = await run(['demo', '--steps', '600', '--rate', '0']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^step 500 {2}truth \S+ °C {2}forecast \S+ °C {2}error .* updates .* steps\/s\n/);
    expect(stdout).toMatch(/\d+ % (lower|higher) than \S+ °C for "same as last hour"/);
  });
});

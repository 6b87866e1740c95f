import { firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '../../client/sdk/index.js';
import { connect } from '../../client/sdk/node.js';
import { Model } from '../../src/rnn/model.js';
import { startProxy } from '../support/proxy.js';
import { RawClient, startServer } from '../support/server.js';

const SPEC = { features: 2, units: 6, seed: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 } } as const;
const x = (t: number) => Float64Array.of(Math.sin(t * 0.4), Math.cos(t * 0.3));
const replay = (count: number) => {
  const model = new Model(SPEC);
  return Array.from({ length: count }, (_, t) => [...model.step(x(t)).h]);
};

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** Connects with the real client, which comes back quickly. */
function dial(url: string, encoding: 'msgpack' | 'json' = 'msgpack'): Client {
  const client = connect(url, { encoding, backOff: { min: 1, max: 20 } });
  endings.push(() => client.close());
  return client;
}

describe('the client on a real server', () => {
  it.each(['msgpack', 'json'] as const)(
    '[E2E3] carries steps and gives back every result, in %s',
    async (encoding) => {
      const { url } = await startServer();
      const pump = dial(url, encoding).open('pump', { spec: SPEC });
      const states = lastValueFrom(pump.states$.pipe(take(40), toArray()));
      const predictions = lastValueFrom(pump.predictions$.pipe(take(40), toArray()));
      const updates = lastValueFrom(pump.updates$.pipe(take(19), toArray()));
      const inputs = lastValueFrom(pump.inputs$.pipe(take(40), toArray()));
      const metrics = firstValueFrom(pump.metrics$);
      await pump.opened;
      for (let t = 0; t < 40; t++) pump.push(x(t));
      await pump.drained();
      const model = new Model(SPEC);
      const steps = Array.from({ length: 40 }, (_, t) => {
        const { h, y, updates } = model.step(x(t));
        return { h: [...h], y: [...(y ?? [])], updates };
      });
      expect((await states).map(({ seq, h }) => [seq, [...h]])).toEqual(steps.map(({ h }, t) => [t, h]));
      expect((await predictions).map(({ y }) => [...y])).toEqual(steps.map(({ y }) => y));
      expect((await updates).map(({ loss }) => loss)).toEqual(
        steps.flatMap(({ updates }) => updates.map(({ loss }) => loss)),
      );
      expect((await inputs).map(({ seq, x }) => [seq, x])).toEqual(steps.map((_, t) => [t, x(t)]));
      expect(await metrics).toMatchObject({ scored: 39, mae: model.metrics.mae });
      const { W, b, Wy, by } = model.weights;
      const { saliency, ...weights } = await firstValueFrom(pump.weights$);
      const last = steps.at(-2)!.updates.at(-1) ?? steps.at(-1)!.updates.at(-1)!;
      expect(weights).toMatchObject({ seq: 39, updates: 19, w: W, b, wy: Wy, by, to: last.to });
      expect(saliency).toEqual(model.inputGradient(last));
    },
  );

  it('[E2E3] teaches by late targets, changes settings, and resets', async () => {
    const { url } = await startServer();
    const client = dial(url);
    const spec = { ...SPEC, task: { kind: 'supervised', outputs: 1 } } as const;
    const pump = client.open('pump', { spec });
    const updates = lastValueFrom(pump.updates$.pipe(take(2), toArray()));
    const events = lastValueFrom(pump.events$.pipe(take(4), toArray()));
    const receipts = [0, 1, 2, 3].map((t) => pump.push(x(t)));
    await pump.drained();
    for (const [t, receipt] of receipts.entries()) void pump.learn(receipt, [t]);
    expect((await updates).map(({ update, to }) => [update, to])).toEqual([
      [1, 1],
      [2, 3],
    ]);
    await pump.configure({ learning: false, learningRate: 0.5 });
    await pump.reset('state');
    expect((await events).map(({ event, detail }) => [event, detail])).toEqual([
      ['configured', { learning: false, learningRate: 0.5 }],
      ['learning-paused', {}],
      ['health', { from: 'warming-up', to: 'paused', why: 'Learning is switched off.' }],
      ['reset', { what: 'state' }],
    ]);
    await expect(pump.configure({ learningRate: -1 })).rejects.toMatchObject({ code: 'setting-invalid' });
  });

  it('[E2E4] leaves h equal to a plain replay when the connection is cut again and again', async () => {
    const { url, port } = await startServer();
    const proxy = await startProxy(port);
    endings.push(proxy.close);
    const pump = dial(proxy.url).open('pump', { spec: SPEC });
    for (let t = 0; t < 600; t++) {
      if (pump.room === 0) await pump.ready();
      pump.push(x(t));
      if (t % 37 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        proxy.cut();
      }
      if (t % 11 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await pump.drained();
    const witness = await RawClient.connect(url, 'json');
    const channel = await witness.open('pump');
    await witness.request({ type: 'subscribe', sequence: 'pump', view: 'states' });
    witness.send({ type: 'steps', channel, seq: 600, x: [...x(600)] });
    expect((await witness.next('states')).h).toEqual(replay(601)[600]);
  });

  it('[E2E4] [APP5] [SDK45] appends each reading of two gateways once, whose connections are cut again and again', async () => {
    const { url, port } = await startServer();
    const gateways = await Promise.all(
      [0, 1].map(async () => {
        const proxy = await startProxy(port);
        endings.push(proxy.close);
        return { proxy, pump: dial(proxy.url).open('pump', { spec: SPEC }) };
      }),
    );
    const appends: Promise<[number, number]>[] = [];
    for (let t = 0; t < 400; t++) {
      const { proxy, pump } = gateways[t % 2]!;
      appends.push(pump.append(x(t)).then((seq) => [seq, t]));
      if (t % 37 < 2) {
        await new Promise((resolve) => setImmediate(resolve));
        proxy.cut();
      }
      if (t % 11 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const placed = (await Promise.all(appends)).sort(([a], [b]) => a - b);
    expect(placed.map(([seq]) => seq)).toEqual(placed.map((_, i) => i));
    const witness = dial(url).open('pump');
    const state = firstValueFrom(witness.states$);
    await firstValueFrom(witness.joined$);
    witness.push(x(400));
    const model = new Model(SPEC);
    for (const [, t] of placed) model.step(x(t));
    expect([...(await state).h]).toEqual([...model.step(x(400)).h]);
  });

  it('[E2E4] comes back to a server that was stopped, resends what was not acked, and numbers it anew', async () => {
    const first = await startServer();
    const pump = dial(first.url).open('pump', { spec: SPEC });
    for (let t = 0; t < 5; t++) pump.push(x(t));
    await pump.drained();
    const { epoch } = await pump.opened;
    await first.server.stop();
    const states = lastValueFrom(
      pump.states$.pipe(
        take(3),
        map(({ seq, h }) => [seq, [...h]]),
        toArray(),
      ),
    );
    for (let t = 0; t < 3; t++) pump.push(x(t));
    const second = await startServer({}, first.port);
    await pump.drained();
    expect(await states).toEqual(replay(3).map((h, t) => [t, h]));
    const witness = await RawClient.connect(second.url);
    const answer = await witness.request({ type: 'open', sequence: 'pump', mode: 'resume' });
    expect(answer).toMatchObject({ seq: 2 });
    expect(answer.epoch).not.toBe(epoch);
  });

  it('[E2E4] goes on watching through a cut, and counts what it missed', async () => {
    const { url, port } = await startServer();
    const proxy = await startProxy(port);
    endings.push(proxy.close);
    const producer = dial(url).open('pump', { spec: SPEC });
    await producer.opened;
    const seen: [number, number][] = [];
    const watch = dial(proxy.url).watch('pump');
    let arrived: () => void = () => undefined;
    watch.states$.subscribe(({ seq, skipped }) => {
      seen.push([seq, skipped]);
      arrived();
    });
    let t = 0;
    const pushUntilSeen = async () => {
      const before = seen.length;
      while (seen.length === before) {
        const next = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        producer.push(x(t++));
        await Promise.race([
          next,
          producer.drained().then(() => new Promise((resolve) => setImmediate(resolve))),
        ]);
      }
    };
    await pushUntilSeen();
    proxy.cut();
    await pushUntilSeen();
    for (const [i, [seq, skipped]] of seen.entries())
      if (i > 0) expect(seq).toBe((seen[i - 1]?.[0] ?? 0) + 1 + skipped);
    expect(seen.length).toBeGreaterThan(1);
  });
});

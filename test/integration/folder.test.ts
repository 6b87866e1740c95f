/** A data folder that version 0.1.0 has left behind, killed in the middle of its work. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { first, firstValueFrom, map } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { createServer } from '../../src/server/index.js';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';
import { ask } from '../support/ask.js';
import { openFolder } from '../support/data-folder.js';
import { listed } from '../support/handles.js';
import { codeOf } from '../support/sequences.js';

interface Left {
  readonly seq: number;
  readonly epoch: string;
  /** The last hidden state and prediction, and the weights. */
  readonly h: readonly number[];
  readonly y: readonly number[] | null;
  readonly w: readonly number[];
  readonly b: readonly number[];
  readonly updates: number;
}

const FIXTURE = fileURLToPath(new URL('../fixtures/folder-0.1/', import.meta.url));
/** What was there when it was killed, and what it went on to with 30 more steps. */
const {
  before,
  after,
}: Record<'before' | 'after', Record<string, Left>> = JSON.parse(
  readFileSync(join(FIXTURE, 'expected.json'), 'utf8'),
);

/** Step t, as it was pushed then: on the way it became float32. */
function stepOf(name: string, t: number): { x: (number | null)[]; target: number[] | undefined } {
  const gap = name === 'forecast' && t % 17 === 4;
  const x = [
    Math.fround(Math.sin(t * 0.4) * 3),
    gap ? null : t % 11 === 5 ? 7 : Math.fround(Math.cos(t * 0.3)),
  ];
  return { x, target: name === 'supervised' && t % 5 ? [Math.fround(Math.cos(t))] : undefined };
}

const readings = (values: readonly (number | null)[]) =>
  Float64Array.from(values, (value) => value ?? Number.NaN);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-folder-'));
  cpSync(join(FIXTURE, 'data.mdb'), join(folder, 'data.mdb'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder of version 0.1.0', () => {
  it('[REC9] opens with the same bits, and goes on with the bits that 0.1.0 would have had', async () => {
    const server = createServer({ logLevel: 'silent', store: await openLmdbStore(folder) });
    const client = await server.client();
    try {
      for (const [name, left] of Object.entries(before)) {
        const handle = client.open(name, { mode: 'resume' });
        const opened = await handle.opened;
        expect([name, opened.seq, opened.epoch]).toEqual([name, left.seq, after[name]!.epoch]);
        const weights = await firstValueFrom(handle.weights$);
        expect([[...weights.w], [...weights.b], weights.updates]).toEqual([left.w, left.b, left.updates]);

        const last: { h?: number[]; y?: number[] } = {};
        handle.states$.subscribe(({ h }) => {
          last.h = [...h];
        });
        if (left.y)
          handle.predictions$.subscribe(({ y }) => {
            last.y = [...y];
          });
        await firstValueFrom(handle.joined$);
        for (let t = left.seq + 1; t < left.seq + 31; t++) {
          const { x, target } = stepOf(name, t);
          handle.push(x, target);
        }
        await handle.drained();
        const then = after[name]!;
        expect([name, last.h]).toEqual([name, then.h]);
        const learned = await firstValueFrom(handle.weights$);
        expect([[...learned.w], [...learned.b], learned.updates]).toEqual([then.w, then.b, then.updates]);
        // what the network says is mixed with what plain forecasters say
        if (opened.spec.task?.kind !== 'forecast') expect([name, last.y ?? null]).toEqual([name, then.y]);

        await handle.close();
      }
    } finally {
      client.close();
      await server.stop();
    }
  });

  it('[REC9] [TIM1] [STP15] gives its last steps back without times, and compares them when they come again', async () => {
    const registry = await openFolder(folder, (error) => expect(error).toBe(null));
    const list = await Promise.all(Object.keys(before).map((name) => listed(registry, name)));
    expect(list.every((entry) => entry?.awake === false)).toBe(true);
    for (const [name, { seq }] of Object.entries(before)) {
      const sequence = registry.get(name);
      const steps = [2, 1, 0].map((back) => ({ at: seq - back, ...stepOf(name, seq - back) }));
      const from = { epoch: sequence.epoch, seq: seq - 3 };
      const { results$, recovered } = sequence.rejoin('inputs', { every: 0, delivery: 'every' }, from);
      const inputs = { t: [] as number[], x: [] as number[] };
      const taken$ = results$.pipe(
        map((message) => {
          if (message.type !== 'inputs') return 0;
          inputs.t.push(...message.t);
          return inputs.x.push(...message.x);
        }),
      );
      await firstValueFrom(taken$.pipe(first((taken) => taken === 6)));
      expect([name, recovered, inputs]).toEqual([
        name,
        true,
        { t: [Number.NaN, Number.NaN, Number.NaN], x: steps.flatMap(({ x }) => [...readings(x)]) },
      ]);
      const acks: number[] = [];
      for (const { at, x, target } of steps)
        ask(sequence).push(at, readings(x), target && readings(target), (acked) => acks.push(acked));
      expect(acks).toEqual([seq, seq, seq]);
      const other = () => ask(sequence).push(seq, readings([50, 50]), undefined, (acked) => acks.push(acked));
      expect(codeOf(other)).toBe('step-conflict');
    }
    await registry.end();
  });

  it('[REC9] [FLD6] takes names, and keeps them', async () => {
    const fields = [{ name: 'wave', unit: 'm' }, { name: 'gust' }];
    const ignore = () => undefined;
    const registry = await openFolder(folder, ignore);
    for (const name of Object.keys(before)) registry.open(name, 'resume', { fields });
    await registry.end();
    const again = await openFolder(folder, ignore);
    for (const name of Object.keys(before)) {
      expect((await listed(again, name))?.schema?.fields).toEqual(fields);
      expect(again.open(name, 'resume', {}).sequence.schema.fields).toEqual(fields);
    }
    await again.end();
  });

  it('[REC9] is known by the same model specs', async () => {
    const server = createServer({ logLevel: 'silent', store: await openLmdbStore(folder) });
    const client = await server.client();
    const spec = { features: 2, units: 3, readout: { kind: 'none' } } as const;
    const specs = {
      states: spec,
      forecast: {
        features: 2,
        units: 6,
        learner: { kind: 'tbptt', k1: 2, k2: 5 },
        task: { kind: 'forecast', horizon: [1, 3] },
        inputs: { missing: 'hold' },
        seed: 3,
      },
      supervised: {
        features: 2,
        units: 5,
        task: { kind: 'supervised', outputs: 1, delay: 3 },
        seed: 4,
      },
      snap: {
        features: 2,
        units: 4,
        learner: { kind: 'snap-1', k1: 2 },
        optimizer: { kind: 'sgd', momentum: 0.9, clipNorm: 1 },
        seed: 5,
      },
    } as const satisfies Record<string, ModelSpecInput>;
    for (const [name, own] of Object.entries(specs)) {
      const handle = client.open(name, { spec: own });
      await expect(handle.opened).resolves.toMatchObject({ created: false });
      await handle.close();
    }
    await expect(client.open('snap', { spec }).opened).rejects.toMatchObject({ code: 'spec-conflict' });
    client.close();
    await server.stop();
  });

  it('[HIS8] has a past from the steps on that its log still has, with what was predicted for them', async () => {
    const server = createServer({ logLevel: 'silent', store: await openLmdbStore(folder) });
    const client = await server.client();
    try {
      for (const [name, left] of Object.entries(before)) {
        const watch = client.watch(name);
        const seen: { seq: number; x: number[]; t: number | null }[] = [];
        watch
          .view('inputs', { last: 100_000 })
          .subscribe(({ seq, x, t }) => seen.push({ seq, x: [...x], t }));
        const { begins, seq } = await firstValueFrom(watch.joined$);
        const handle = client.open(name, { mode: 'resume' });
        await handle.opened;
        const { x, target } = stepOf(name, left.seq + 1);
        handle.push(x, target);
        await handle.drained();
        expect([name, seq]).toEqual([name, left.seq]);
        expect(begins).toBeLessThanOrEqual(left.seq + 1);
        expect(seen.map((one) => one.seq)).toEqual(
          Array.from({ length: left.seq + 2 - begins }, (_, i) => begins + i),
        );
        for (const one of seen)
          expect(one.x).toEqual(stepOf(name, one.seq).x.map((value) => value ?? Number.NaN));
        for (const { t } of seen.slice(0, -1)) expect(t).toBeNull();
        if (left.y && begins <= left.seq) {
          const predicted = await firstValueFrom(watch.view('predictions', { last: 2 }));
          expect([name, predicted.seq, [...predicted.y]]).toEqual([name, left.seq, left.y]);
        }
        await handle.close();
      }
    } finally {
      client.close();
      await server.stop();
    }
  });
});

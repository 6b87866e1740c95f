import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { QuickSurvey } from '../../../src/store/log/quick-survey.js';
import { reconcile } from '../../../src/store/log/reconcile.js';
import type { Opening } from '../../../src/store/log/store-opening.js';
import { surveyOf, visitAll } from '../../../src/store/log/survey.js';
import type { Store } from '../../../src/store/store.js';
import type { MemoryDisk } from '../../support/memory-disk.js';
import { StoreBench } from '../../support/store-bench.js';
import { checkpointAt, created, Ear, recordsOf, step, steps } from '../../support/store-data.js';

const faultsOf = (disk: MemoryDisk) => reconcile(surveyOf(disk)).faults.map(({ error }) => error.message);

/** A store with three sequences of some chunks each, a checkpoint, a summary and pages. */
async function filled(): Promise<StoreBench> {
  const bench = new StoreBench();
  for (const name of ['one', 'two', 'three']) {
    const sequence = bench.store.open(name, new Ear());
    sequence.append(created());
    for (let n = 1; n < 12; n += 3) {
      for (const record of steps(n, n + 3)) sequence.append(record);
      await bench.drain();
    }
    sequence.checkpoint(checkpointAt(4));
    sequence.setSummary(checkpointAt(13));
    sequence.pages.steps.write({ first: 0, count: 5, savedAt: 7 }, new Uint8Array(20));
    await bench.drain();
    sequence.close();
  }
  return bench;
}

/** How a store goes on by the quick survey: null unless it is whole. */
function quickOpening(disk: MemoryDisk): Opening | null {
  const quick = new QuickSurvey();
  visitAll(disk, quick.visit);
  return quick.opening({ last: null });
}

/** Takes entries away, or changes them. */
async function change(disk: MemoryDisk, changes: ReadonlyMap<string, Uint8Array | null>): Promise<void> {
  const write = disk.write(changes);
  disk.flush();
  await write;
}

function reopened(
  disk: MemoryDisk,
  last: number | null = null,
): { store: Store; told: string[]; bench: StoreBench } {
  const told: string[] = [];
  const bench = new StoreBench(disk, {
    onDamage: ({ message }) => told.push(message),
    witness: { last, tell: () => undefined },
  });
  return { store: bench.store, told, bench };
}

const keysOf = (disk: MemoryDisk) => disk.keys({ from: ' ', to: '~', limit: 1000 });

describe('ledgers', () => {
  it('[STO40] say what is on the disk after any writes, failures, discards and losses of power', async () => {
    const act = fc.record({
      kind: fc.constantFrom(
        ...[
          'append',
          'append',
          'append',
          'turn',
          'flush',
          'flush',
          'wait',
          'checkpoint',
          'abandon',
          'summary',
        ],
        ...['page', 'before', 'remove', 'break', 'mend', 'power'],
      ),
      name: fc.constantFrom('a', 'b', 'c'),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 80 }), async (acts) => {
        let bench = new StoreBench();
        const told: string[] = [];
        for (const { kind, name, part } of acts) {
          const sequence = bench.store.open(name, new Ear());
          const { end } = sequence;
          if (kind === 'append') for (let i = 0; i <= 3 * part; i++) sequence.append(step(end + i));
          else if (kind === 'checkpoint') sequence.checkpoint(checkpointAt(end));
          else if (kind === 'abandon') sequence.abandon(Math.floor(part * end));
          else if (kind === 'summary') sequence.setSummary(checkpointAt(end));
          else if (kind === 'page')
            sequence.pages.steps.write(
              { first: Math.floor(9 * part), count: 1, savedAt: end },
              new Uint8Array(9),
            );
          else if (kind === 'before') sequence.pages.steps.dropBefore(Math.floor(9 * part));
          sequence.close();
          if (kind === 'turn') await bench.endTurn();
          else if (kind === 'flush') await bench.flush();
          else if (kind === 'wait') await bench.advance(1000);
          else if (kind === 'remove') void bench.store.remove(name);
          else if (kind === 'break') bench.disk.failure = new Error('broken');
          else if (kind === 'mend') bench.disk.failure = null;
          else if (kind === 'power')
            bench = new StoreBench(bench.disk.afterPowerLoss(part < 0.5), {
              onDamage: ({ message }) => told.push(message),
            });
        }
        bench.disk.failure = null;
        await bench.advance(1000);
        await bench.drain();
        expect(told).toEqual([]);
        expect(faultsOf(bench.disk)).toEqual([]);
        const { size, pageBytes, roster } = reconcile(surveyOf(bench.disk));
        if (roster.writes > 0) expect(quickOpening(bench.disk)).toMatchObject({ size, pageBytes, roster });
        for (const name of ['a', 'b', 'c']) {
          const before = bench.store.open(name, new Ear());
          const after = createDurableStore(bench.disk.afterPowerLoss(false)).open(name, new Ear());
          expect([after.end, after.doubt]).toEqual([before.end, null]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('[STO40] miss every entry that is gone, and every one with another key, each by its sequence', async () => {
    const { disk } = await filled();
    const ids = ['one', 'two', 'three'].map((_, i) => `/00000000000${i + 1}/`);
    for (const key of keysOf(disk)) {
      const owner = ['one', 'two', 'three'].find(
        (name, i) => key === `name/${name}` || `${key}/`.includes(ids[i]!),
      );
      const value = disk.get(key)!;
      const flipped = key.slice(0, -1) + String.fromCharCode(key.charCodeAt(key.length - 1) ^ 1);
      for (const changes of [
        new Map([[key, null]]),
        new Map<string, Uint8Array | null>([
          [key, null],
          [flipped, value],
        ]),
      ]) {
        const harmed = disk.afterPowerLoss(false);
        await change(harmed, changes);
        expect([key, quickOpening(harmed)]).toEqual([key, null]);
        let told: string[] = [];
        try {
          ({ told } = reopened(harmed));
        } catch (error) {
          // without its format it is no store
          expect([key, (error as Error).message]).toEqual([
            'format',
            expect.stringContaining('not an Eddy store'),
          ]);
          continue;
        }
        expect([key, told.length > 0]).toEqual([key, true]);
        if (owner)
          expect([key, told.join()]).toEqual([key, expect.stringMatching(new RegExp(`\\b${owner}\\b`))]);
      }
    }
  });

  it('[STO40] say where a log ended: what is missing at its end is named, and cut off once', async () => {
    const { disk } = await filled();
    const last = keysOf(disk).findLast((key) => key.startsWith('log/000000000002/') && !key.endsWith('end'))!;
    await change(disk, new Map([[last, null]]));
    const { store, told, bench } = reopened(disk);
    expect(told).toEqual(['the sequence two is damaged: it has 3 chunks in its log, not 4']);
    const sequence = store.open('two', new Ear());
    expect(sequence.end).toBe(13);
    expect(() => recordsOf(sequence)).toThrow('records 10 to 12 of the sequence two are missing');
    expect(sequence.doubt).toMatchObject({ isUncertain: false });
    sequence.abandon(10);
    sequence.settle();
    await bench.drain();
    const again = reopened(bench.disk.afterPowerLoss(false));
    expect(again.told).toEqual([]);
    const after = again.store.open('two', new Ear());
    expect([after.end, after.doubt]).toEqual([10, null]);
  });

  it('[STO40] keep a doubt until the sequence is settled, however often the store is opened', async () => {
    const { disk } = await filled();
    await change(disk, new Map([['log/000000000001/end', null]]));
    const first = reopened(disk);
    expect(first.told).toEqual(['the ledger of the sequence one is missing']);
    first.store.open('two', new Ear()).append(step(13));
    await first.bench.drain();
    const second = reopened(first.bench.disk.afterPowerLoss(false));
    const sequence = second.store.open('one', new Ear());
    expect([sequence.end, sequence.doubt]).toMatchObject([13, { isUncertain: true }]);
    expect(second.store.open('two', new Ear()).doubt).toBeNull();
    sequence.settle();
    await second.bench.drain();
    expect(reopened(second.bench.disk.afterPowerLoss(false)).store.open('one', new Ear()).doubt).toBeNull();
  });

  it('[STO40] give a name back that is gone or another', async () => {
    const { disk } = await filled();
    const id = disk.get('name/two')!;
    await change(
      disk,
      new Map<string, Uint8Array | null>([
        ['name/two', null],
        ['name/twp', id],
      ]),
    );
    const { store, told, bench } = reopened(disk);
    expect([...store.names()]).toEqual(['one', 'three', 'two']);
    expect(told).toEqual([
      'the sequence two was found under the name twp',
      'the name of the sequence two was missing; it is taken from its ledger',
    ]);
    expect(recordsOf(store.open('two', new Ear())).length).toBe(13);
    await bench.drain();
    expect(reopened(bench.disk.afterPowerLoss(false)).told).toEqual([]);
  });

  it('[STO40] find a sequence that lost its name and its ledger at once by its second name', async () => {
    const { disk } = await filled();
    const changes = new Map<string, Uint8Array | null>();
    for (const key of keysOf(disk))
      if (key === 'name/three' || (key.includes('/000000000003') && !key.startsWith('called/')))
        changes.set(key, null);
    await change(disk, changes);
    const { store, told, bench } = reopened(disk);
    expect(told[0]).toBe('the ledger of the sequence three is missing');
    expect([store.has('three'), store.open('three', new Ear()).doubt]).toMatchObject([
      true,
      { isUncertain: true },
    ]);
    await bench.drain();
    expect(reopened(bench.disk.afterPowerLoss(false)).told).toEqual([]);
  });

  it('[STO40] refuse a store that lost sequences without a trace', async () => {
    const { disk } = await filled();
    const changes = new Map<string, Uint8Array | null>();
    for (const key of keysOf(disk))
      if (key === 'name/three' || key.includes('/000000000003')) changes.set(key, null);
    await change(disk, changes);
    expect(() => reopened(disk)).toThrow(
      '3 of its 10 names and ledgers are lost, and nothing says of which sequences',
    );
  });

  it('[STO40] keep a sequence that is marked as removed by the mark of another', async () => {
    const bench = await filled();
    void bench.store.remove('one');
    await bench.endTurn();
    await bench.flush();
    const { disk } = bench;
    expect(disk.get('gone/000000000001')).toBeDefined();
    await change(
      disk,
      new Map<string, Uint8Array | null>([
        ['gone/000000000001', null],
        ['gone/000000000003', disk.get('gone/000000000001')!],
      ]),
    );
    const { store, told, bench: after } = reopened(disk);
    expect(told.join()).toContain('the sequence three was marked as removed');
    await after.drain();
    expect(recordsOf(store.open('three', new Ear())).length).toBe(13);
  });

  it('[STO42] of an older state of the store put all sequences in doubt, until each is settled', async () => {
    const { disk } = await filled();
    const writes = disk.writes.length;
    const { store, told, bench } = reopened(disk.afterPowerLoss(false), writes + 3);
    expect(told).toEqual([expect.stringContaining('it is as it was 3 writes before the last')]);
    for (const name of ['one', 'two']) {
      const sequence = store.open(name, new Ear());
      expect(sequence.doubt).toMatchObject({ isUncertain: true });
      sequence.settle();
    }
    await bench.drain();
    const again = reopened(bench.disk.afterPowerLoss(false), writes + 4);
    expect(again.told).toEqual([]);
    const doubts = ['one', 'two', 'three'].map((name) => again.store.open(name, new Ear()).doubt !== null);
    expect(doubts).toEqual([false, false, true]);
  });

  it('[STO43] of a chunk, a checkpoint or a page that belongs to another sequence give none of it', async () => {
    const { disk } = await filled();
    const changes = new Map<string, Uint8Array | null>();
    for (const key of keysOf(disk))
      if (key.includes('/000000000001/') && !key.endsWith('/end'))
        changes.set(key.replace('000000000001', '000000000002'), disk.get(key)!);
    await change(disk, changes);
    const sequence = reopened(disk).store.open('two', new Ear());
    expect(() => recordsOf(sequence)).toThrow('its checksum does not match');
    for (const checkpoint of sequence.checkpoints()) expect(() => checkpoint.read()).toThrow('checksum');
    expect(sequence.pages.steps.heads.length).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import type { LogRecord } from '../../../src/store/store.js';
import { StoreBench } from '../../support/store-bench.js';
import { checkpointAt, created, Ear, recordsOf, step, steps } from '../../support/store-data.js';

const floats = new Float64Array([1, 2]);
const KINDS: LogRecord[] = [
  created(),
  step(3),
  { kind: 'targets', first: 4, targets: floats },
  { kind: 'configured', learning: true, learningRate: 0.5 },
  { kind: 'reset', what: 'state', epoch: 'e' },
];

const flip = (bytes: Uint8Array) => bytes.with(bytes.length - 3, bytes.at(-3)! ^ 4);
const HARMS = [
  ['a flipped byte', flip],
  ['a lost end', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 8)],
  ['nothing in it', () => new Uint8Array(0)],
] as const;

/** A store whose sequence `s` has chunks of 4, 4 (the given records first) and 4 records; opened anew after the harm. */
async function harmed(records: readonly LogRecord[], harm: (bytes: Uint8Array) => Uint8Array) {
  const before = new StoreBench();
  const sequence = before.store.open('s', new Ear());
  for (const some of [steps(0, 4), [...records, ...steps(0, 4)].slice(0, 4), steps(8, 12)]) {
    for (const record of some) sequence.append(record);
    await before.drain();
  }
  before.disk.damage('log/000000000001/00000000000004/00000004', harm);
  const after = new StoreBench(before.disk.afterPowerLoss(false));
  return { bench: after, sequence: after.store.open('s', new Ear()) };
}

describe('a broken record', () => {
  const cases = KINDS.flatMap((record) =>
    HARMS.map(([what, harm]) => [record.kind, what, record, harm] as const),
  );

  it.each(cases)(
    '[STO20] of the kind %s with %s is named, and none is given in its place',
    async (...given) => {
      const [, , record, harm] = given;
      const { sequence } = await harmed([record], harm);
      expect(sequence.end).toBe(12);
      const read: number[] = [];
      const all = () => {
        for (const { position } of sequence.records(0)) read.push(position);
      };
      expect(all).toThrow(expect.objectContaining({ code: 'store-damaged' }));
      expect(read).toEqual([0, 1, 2, 3]);
      expect(all).toThrow(/^records 4 to 7 of the sequence s are damaged: /);
      expect(recordsOf(sequence, 8)).toEqual(steps(8, 12));
    },
  );

  it('[STO20] is moved aside with all after it, and new records take their place', async () => {
    const { bench, sequence } = await harmed([], flip);
    const broken = bench.disk.get('log/000000000001/00000000000004/00000004');
    sequence.abandon(4);
    expect([sequence.end, sequence.durableEnd]).toEqual([4, 4]);
    for (const record of steps(4, 7)) sequence.append(record);
    expect(recordsOf(sequence)).toEqual(steps(0, 7));
    await bench.drain();
    const { disk } = new StoreBench(bench.disk.afterPowerLoss(false));
    expect(disk.keys({ from: 'aside/', to: 'aside0', limit: 10 })).toEqual([
      'aside/000000000001/00000000/log/000000000001/00000000000004/00000004',
      'aside/000000000001/00000000/log/000000000001/00000000000008/00000004',
    ]);
    expect(disk.get('aside/000000000001/00000000/log/000000000001/00000000000004/00000004')).toEqual(broken);
    expect(recordsOf(createDurableStore(disk).open('s', new Ear()))).toEqual(steps(0, 7));
  });

  it('[STO20] that a checkpoint lies in the midst of is given up from there, and again under a key of its own', async () => {
    const { bench, sequence } = await harmed([], flip);
    sequence.abandon(6);
    expect([sequence.end, sequence.append(step(6))]).toEqual([6, 6]);
    expect(() => recordsOf(sequence, 4)).toThrow('records 4 to 5 of the sequence s are missing');
    expect(recordsOf(sequence, 6)).toEqual([step(6)]);
    sequence.abandon(6);
    await bench.drain();
    const aside = bench.disk.keys({ from: 'aside/', to: 'aside0', limit: 10 });
    expect(aside.map((key) => key.slice('aside/000000000001/'.length))).toEqual([
      '00000000/log/000000000001/00000000000004/00000004',
      '00000000/log/000000000001/00000000000008/00000004',
      '00000001/log/000000000001/00000000000006/00000001',
    ]);
  });

  it('[STO20] before a checkpoint and at the end of the log leaves positions that go on from the checkpoint', async () => {
    const { bench, sequence } = await harmed([], flip);
    sequence.checkpoint(checkpointAt(6));
    sequence.abandon(6);
    await bench.drain();
    const again = createDurableStore(bench.disk.afterPowerLoss(false)).open('s', new Ear());
    expect([again.end, again.append(step(6))]).toEqual([6, 6]);
  });

  it('[STO20] is missed where its chunk is gone', async () => {
    const { bench } = await harmed([], flip);
    const { disk } = bench;
    const write = disk.write(new Map([['log/000000000001/00000000000004/00000004', null]]));
    disk.flush();
    await write;
    const sequence = createDurableStore(disk).open('s', new Ear());
    expect(() => recordsOf(sequence, 0)).toThrow('records 4 to 7 of the sequence s are missing');
  });

  it('[STO20] that is under way when it is given up is not reported durable', async () => {
    const bench = new StoreBench();
    const ear = new Ear();
    const sequence = bench.store.open('s', ear);
    for (const record of steps(0, 4)) sequence.append(record);
    await bench.endTurn();
    sequence.abandon(2);
    sequence.append(step(20));
    await bench.flush();
    expect([ear.ends, sequence.durableEnd]).toEqual([[], 0]);
    await bench.drain();
    expect([ear.ends.at(-1), sequence.durableEnd]).toEqual([3, 3]);
    expect(recordsOf(sequence)).toEqual([...steps(0, 2), step(20)]);
  });
});

describe('a broken checkpoint', () => {
  it.each(HARMS)(
    '[STO21] with %s is named, and the one before is there with the log after it',
    async (_what, harm) => {
      const before = new StoreBench();
      const written = before.store.open('s', new Ear());
      for (const position of [4, 8]) {
        for (const record of steps(position - 4, position)) written.append(record);
        written.checkpoint(checkpointAt(position));
        await before.drain();
      }
      before.disk.damage('checkpoint/000000000001/00000000000008', harm);
      const sequence = createDurableStore(before.disk.afterPowerLoss(false)).open('s', new Ear());
      const [newest, older] = [...sequence.checkpoints()];
      expect(newest!.position).toBe(8);
      expect(() => newest!.read()).toThrow(/^the checkpoint at 8 of the sequence s is damaged: /);
      expect(() => newest!.read()).toThrow(expect.objectContaining({ code: 'store-damaged' }));
      expect(older!.read()).toEqual(checkpointAt(4));
      expect(recordsOf(sequence, 4)).toEqual(steps(4, 8));
    },
  );
});

describe('the layout', () => {
  const text = (value: string) => new TextEncoder().encode(value);

  it('[STO22] of a newer format, or of something else, is refused', async () => {
    const bench = new StoreBench();
    bench.store.open('s', new Ear()).append(created());
    await bench.drain();
    const disk = bench.disk.afterPowerLoss(false);
    disk.damage('format', () => text('3'));
    expect(() => createDurableStore(disk)).toThrow(
      'the store has format 3; this version of Eddy reads the formats 1 and 2',
    );
    const other = new StoreBench().disk;
    const write = other.write(new Map([['something', text('else')]]));
    other.flush();
    await write;
    expect(() => createDurableStore(other)).toThrow('this is not an Eddy store: it has a key something');
    expect(() => createDurableStore(other)).toThrow(expect.objectContaining({ code: 'store-damaged' }));
  });
});

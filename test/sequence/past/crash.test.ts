import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { PastBench, range, xOf } from '../../support/past.js';

const STEPS = 2500;

/** Runs a sequence with a checkpoint and a page now and then; gives the store as a kill leaves it after each of its writes. */
async function kills(): Promise<MemoryDisk[]> {
  const disk = new MemoryDisk();
  const bench = new PastBench(createDurableStore(disk));
  const left: MemoryDisk[] = [];
  for (let seq = 0; seq < STEPS; seq += 20) {
    const x = new Float64Array(range(seq, seq + 20).flatMap(xOf));
    bench.take(seq, 20);
    bench.log.append({ kind: 'steps', first: seq, t: null, x, targets: null });
    if (seq % 700 === 0) {
      const { end } = bench.log;
      const state = { seq: seq + 19 };
      bench.log.checkpoint({ position: end, savedAt: 0, state });
      bench.log.setSummary({ position: end, savedAt: 0, state });
      bench.past.keep();
    }
    await bench.store.flushed();
    left.push(disk.afterPowerLoss(false));
  }
  return left;
}

describe('the past after a kill', () => {
  it('holds no step that the log has lost, and is complete again after the replay', async () => {
    for (const disk of await kills()) {
      const bench = new PastBench(createDurableStore(disk));
      const { log, past } = bench;
      const stepsInLog = 20 * log.end;
      expect(past.end).toBeLessThanOrEqual(stepsInLog);
      const [checkpoint] = log.checkpoints();
      const position = checkpoint?.position ?? 0;
      expect(past.end).toBeGreaterThanOrEqual(20 * position);
      for (const { record } of log.records(position))
        if (record.kind === 'steps') bench.take(record.first, 20);
      expect(bench.seqs()).toEqual(range(0, stepsInLog));
      expect(bench.stateSeqs()).toEqual(range(past.end - bench.stateSeqs().length, stepsInLog));
    }
  });

  it('tells the last step of a sequence that nobody has opened since', async () => {
    for (const disk of await kills()) {
      const store = createDurableStore(disk);
      const told = store.summary('s');
      const seq = told?.last ? told.last.first + 19 : (told?.summary?.state.seq as number);
      const { log } = new PastBench(store);
      expect(seq).toBe(20 * log.end - 1);
    }
  });
});

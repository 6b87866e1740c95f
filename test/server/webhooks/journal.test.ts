import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileJournal } from '../../../src/server/webhooks/journal.js';
import { type Entry, Kept } from '../../../src/server/webhooks/kept.js';

const folder = mkdtempSync(join(tmpdir(), 'eddy-journal-'));
const path = join(folder, 'webhooks.journal');
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

type One = Entry<{ n: number }>;
const added = (id: string): One => ({ do: 'add', to: 'r', id, body: 'b', at: 1 });
const damages: number[] = [];
const faults: unknown[] = [];
const open = () => new FileJournal<One>(path, (bytes) => damages.push(bytes));
const kept = () =>
  new Kept(open(), (error) => {
    faults.push(error);
  });
const ids = (one: Kept<{ n: number }>) => [...one.waitingFor('r')].map(({ id }) => id);

describe('the journal of webhooks', () => {
  it('[HOK8] gives what was added and not ended, in order, and where the rules stand', async () => {
    const first = kept();
    await first.add([added('a'), added('b'), { do: 'stand', sequence: 's', stand: { n: 1 } }]);
    await Promise.all([
      first.add([{ do: 'end', to: 'r', id: 'a' }]),
      first.add([added('c'), { do: 'off', to: 'q' }]),
    ]);
    await first.close();
    const again = kept();
    expect([ids(again), again.stands.get('s'), again.isOff('q'), again.isOff('r')]).toEqual([
      ['b', 'c'],
      { n: 1 },
      true,
      false,
    ]);
  });

  it('[HOK8] cut off anywhere, it holds each batch as a whole or not at all', async () => {
    const journal = open();
    const sizes: number[] = [0];
    for (const id of ['a', 'b', 'c']) {
      await journal.append([added(id), added(`${id}2`)]);
      sizes.push(journal.bytes);
    }
    await journal.close();
    const bytes = readFileSync(path);
    for (let end = 0; end <= bytes.length; end++) {
      writeFileSync(path, bytes.subarray(0, end));
      const whole = sizes.findLastIndex((size) => size <= end);
      const cut = kept();
      expect(ids(cut)).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2'].slice(0, 2 * whole));
      // what is added then is found again
      await cut.add([added('z')]);
      await cut.close();
      expect(ids(kept()).at(-1)).toBe('z');
    }
    expect(damages).toEqual([]);
  });

  it('[HOK8] a damaged line and those after it are set aside, and said', async () => {
    const journal = open();
    for (const id of ['a', 'b', 'c']) await journal.append([added(id)]);
    await journal.close();
    const bytes = readFileSync(path);
    const harmed = Buffer.from(bytes);
    harmed[bytes.indexOf('"id":"b"')]! ^= 1;
    writeFileSync(path, harmed);
    expect(ids(kept())).toEqual(['a']);
    expect(damages).toEqual([(2 * bytes.length) / 3]);
    expect(readFileSync(`${path}.damaged`).equals(harmed)).toBe(true);
  });

  it('[HOK8] it is written anew when most of it has no effect, and nothing is lost meanwhile', async () => {
    const one = kept();
    await one.add([added('first')]);
    const body = 'x'.repeat(10_000);
    const adding: Promise<void>[] = [];
    for (let i = 0; i < 400; i++) {
      adding.push(one.add([{ ...(added(`n${i}`) as Extract<One, { do: 'add' }>), body }]));
      if (i % 50 !== 0) adding.push(one.add([{ do: 'end', to: 'r', id: `n${i}` }]));
      if (i % 20 === 0) await Promise.all(adding);
    }
    await Promise.all(adding);
    await one.close();
    expect(readFileSync(path).length).toBeLessThan(2_500_000);
    expect(ids(kept())).toEqual(['first', ...[0, 50, 100, 150, 200, 250, 300, 350].map((i) => `n${i}`)]);
  });
});

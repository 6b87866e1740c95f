import { describe, expect, it } from 'vitest';
import { LocalDirectory } from '../../src/sequence/local-directory.js';
import { createRegistry, FINE } from '../support/sequences.js';
import { virtualClock } from '../support/virtual-clock.js';

describe('a list of many sequences', () => {
  it('[HIS7] is answered once, in order, over several turns', () => {
    const { registry, scheduler } = createRegistry({ grain: FINE });
    const names = Array.from({ length: 330 }, (_, i) => `s${String(i).padStart(3, '0')}`);
    for (const name of names) registry.open(name, 'create', { spec: { features: 1, units: 1 } });
    const directory = new LocalDirectory(registry, virtualClock(scheduler));
    const lists: { names: string[]; more: boolean; total: number }[] = [];
    const list = (limit: number, after = '') =>
      directory.list({ after, limit, covers: null }).subscribe(({ sequences, more, total }) => {
        lists.push({ names: sequences.map(({ sequence }) => sequence), more, total });
      });
    const flush = () => {
      scheduler.maxFrames = scheduler.frame + 1;
      scheduler.flush();
    };
    list(20);
    expect(lists).toEqual([]);
    flush();
    expect(lists).toEqual([{ names: names.slice(0, 20), more: true, total: 330 }]);
    list(1000);
    list(300, 's009');
    const left = list(1000);
    expect(lists.length).toBe(1);
    left.unsubscribe();
    flush();
    // the shorter one is done first
    expect(lists.slice(1)).toEqual([
      { names: names.slice(10, 310), more: true, total: 330 },
      { names, more: false, total: 330 },
    ]);
  });
});

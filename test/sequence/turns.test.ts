import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LocalDirectory } from '../../src/sequence/local-directory.js';
import { Turns } from '../../src/sequence/turns.js';
import { createRegistry } from '../support/sequences.js';
import { virtualClock } from '../support/virtual-clock.js';

describe('long work in slices', () => {
  it('goes on in turn, a few slices in each turn of the event loop', () => {
    const scheduler = new VirtualTimeScheduler();
    const turns = new Turns(scheduler);
    const done: string[] = [];
    const work = (name: string, slices: number) => {
      let left = slices;
      return turns.add(() => {
        done.push(name);
        return --left === 0;
      });
    };
    work('a', 3);
    const b = work('b', 100);
    work('c', 1);
    expect(done).toEqual([]);
    turns.add(() => {
      b.unsubscribe();
      return true;
    });
    scheduler.flush();
    expect(done.join('')).toBe('abcaa');
  });
});

describe('a list of many sequences', () => {
  it('[HIS7] is answered once, in order, over several turns', () => {
    const { registry, scheduler } = createRegistry();
    const names = Array.from({ length: 330 }, (_, i) => `s${String(i).padStart(3, '0')}`);
    for (const name of names) registry.open(name, 'create', { spec: { features: 1, units: 1 } });
    const directory = new LocalDirectory(registry, virtualClock(scheduler));
    const lists: { names: string[]; more: boolean; total: number }[] = [];
    const list = (limit: number, after = '') =>
      directory.list({ after, limit, covers: null }).subscribe(({ sequences, more, total }) => {
        lists.push({ names: sequences.map(({ sequence }) => sequence), more, total });
      });
    list(20);
    expect(lists).toEqual([{ names: names.slice(0, 20), more: true, total: 330 }]);
    list(1000);
    list(300, 's009');
    const left = list(1000);
    expect(lists.length).toBe(1);
    left.unsubscribe();
    scheduler.maxFrames = scheduler.frame + 1;
    scheduler.flush();
    expect(lists.slice(1)).toEqual([
      { names, more: false, total: 330 },
      { names: names.slice(10, 310), more: true, total: 330 },
    ]);
  });
});

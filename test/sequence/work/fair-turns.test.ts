import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FairTurns, type Job, type Kind } from '../../../src/sequence/work/fair-turns.js';
import { codeOf } from '../../support/sequences.js';
import { virtualClock } from '../../support/virtual-clock.js';

const GRAIN = { work: 100, ms: 5, piece: 10 };

function made() {
  const scheduler = new VirtualTimeScheduler();
  const clock = virtualClock(scheduler);
  const slices: Kind[] = [];
  const faults: unknown[] = [];
  const turns = new FairTurns({
    clock,
    grain: GRAIN,
    onSlice: (kind) => slices.push(kind),
    onFault: (fault) => faults.push(fault),
  });
  const order: string[] = [];
  /** A job of so many pieces, each of so much work. */
  const job = (name: string, pieces: number, work = 100, kind: Kind = 'steps', owner: object = {}): Job => {
    let left = pieces;
    return {
      kind,
      owner,
      piece: () => {
        if (left-- === 0) return null;
        order.push(name);
        return work;
      },
    };
  };
  const turn = (count = 1) => {
    for (let i = 0; i < count; i++) scheduler.actions.shift()?.execute(undefined, 0);
  };
  return { scheduler, turns, slices, faults, order, job, turn };
}

describe('slices of long work', () => {
  it('[FAR1] are one in each turn of the event loop, and end when their work is done', () => {
    const { turns, order, job, turn } = made();
    turns.add(job('a', 3));
    turns.add(job('b', 1));
    expect(order).toEqual([]);
    turn();
    expect(order).toEqual(['a']);
    turn(10);
    expect(order).toEqual(['a', 'b', 'a', 'a']);
  });

  it('[FAR1] end after their milliseconds, whatever the work was counted as', () => {
    const { scheduler, turns, order, turn } = made();
    let left = 6;
    const piece = () => {
      order.push('p');
      scheduler.frame += 2;
      return --left < 0 ? null : 1;
    };
    turns.add({ kind: 'steps', owner: {}, piece });
    turn();
    expect(order.length).toBe(3);
  });

  it('[FAR2] go round between the sockets, however many sequences one of them has', () => {
    const { turns, order, job, turn } = made();
    const many = {};
    for (let i = 0; i < 5; i++) turns.add(job(`m${i}`, 100, 100, 'steps', many));
    turns.add(job('one', 100));
    turn(41);
    const ofOne = order.filter((name) => name === 'one').length;
    expect(ofOne).toBeGreaterThanOrEqual(19);
    // and between the sequences of a socket
    const counts = [0, 1, 2, 3, 4].map((i) => order.filter((name) => name === `m${i}`).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('[FAR2] let whoever took more than a slice wait until the others have had as much', () => {
    const { turns, order, job, turn } = made();
    turns.add(job('big', 100, 400));
    turns.add(job('small', 400, 100));
    turn(100);
    const [big, small] = ['big', 'small'].map((name) => order.filter((one) => one === name).length);
    expect(small! / big!).toBeGreaterThan(3.5);
    expect(small! / big!).toBeLessThan(4.5);
  });

  it('[FAR3] leave seven of ten to steps where both are wanted, and all to either alone', () => {
    const { turns, slices, job, turn } = made();
    turns.add(job('b', 20, 100, 'beside'));
    turn(10);
    expect(slices).toEqual(Array.from({ length: 10 }, () => 'beside'));
    turns.add(job('s', 100));
    turns.add(job('c', 100, 100, 'beside'));
    slices.length = 0;
    turn(100);
    const steps = slices.filter((kind) => kind === 'steps').length;
    expect(steps).toBeGreaterThanOrEqual(69);
    expect(steps).toBeLessThanOrEqual(71);
  });

  it('[FAR4] have a queue that is bounded, for one socket and for all, and say so when it is full', () => {
    const { turns, job } = made();
    const owner = {};
    const mine = Array.from({ length: 512 }, () => turns.add(job('x', 1, 1, 'beside', owner)));
    expect(codeOf(() => turns.add(job('x', 1, 1, 'beside', owner)))).toBe('overloaded');
    mine[0]!.unsubscribe();
    expect(codeOf(() => turns.add(job('x', 1, 1, 'beside', owner)))).toBe('none');
    for (let i = turns.waitingBeside; i < 20_000; i++) turns.add(job('x', 1, 1, 'beside', {}));
    expect(codeOf(() => turns.add(job('x', 1, 1, 'beside', {})))).toBe('overloaded');
    expect(codeOf(() => turns.add(job('x', 1)))).toBe('none');
  });

  it('[FAR4] are not made for who has left, and a fault ends its own job only', () => {
    const { turns, order, faults, job, turn } = made();
    turns.add(job('gone', 5)).unsubscribe();
    turns.add({
      kind: 'steps',
      owner: {},
      piece: () => {
        throw new Error('broken');
      },
    });
    turns.add(job('well', 2));
    turn(10);
    expect(order).toEqual(['well', 'well']);
    expect(faults).toEqual([new Error('broken')]);
  });
});

describe('quick work', () => {
  it('[FAR5] is done at once, until all of it in one turn has taken as long as a slice', () => {
    const { scheduler, turns, turn } = made();
    expect(turns.mayActNow(101)).toBe(false);
    expect(turns.mayActNow(60)).toBe(true);
    // counted as more than a slice, but the clock knows better
    expect(turns.mayActNow(60)).toBe(true);
    scheduler.frame += 5;
    expect(turns.mayActNow(60)).toBe(false);
    turn();
    expect(turns.mayActNow(60)).toBe(true);
  });
});

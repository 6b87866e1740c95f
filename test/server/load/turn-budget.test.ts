import { Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { BUDGET_MS, TurnBudget } from '../../../src/server/load/turn-budget.js';

function budget() {
  const time = { ms: 0 };
  let next: (() => void)[] = [];
  const turns = new TurnBudget({
    monotonic: () => time.ms,
    nextTurn(work) {
      next.push(work);
      return new Subscription();
    },
  });
  const turn = () => {
    const now = next;
    next = [];
    for (const work of now) work();
    return now.length;
  };
  return { time, turns, turn };
}

describe('a budget of turns', () => {
  it('does at once what there is time for, and the rest in the next turns, in order', () => {
    const { time, turns, turn } = budget();
    const done: number[] = [];
    for (let i = 0; i < 10; i++)
      turns.run(() => {
        done.push(i);
        time.ms += BUDGET_MS / 2;
      });
    expect(done).toEqual([0, 1]);
    turn();
    expect(done).toEqual([0, 1, 2, 3]);
    turns.run(() => done.push(10));
    expect(done).toHaveLength(4);
    for (let i = 0; i < 4; i++) turn();
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('has a whole budget again in the next turn, and asks for no turn when nothing comes', () => {
    const { time, turns, turn } = budget();
    let done = 0;
    const work = () => {
      done++;
      time.ms += BUDGET_MS;
    };
    turns.run(work);
    expect(turn()).toBe(1);
    expect(turn()).toBe(0);
    turns.run(work);
    expect(done).toBe(2);
  });

  it('goes on after work that fails', () => {
    const { turns, turn, time } = budget();
    const done: string[] = [];
    turns.run(() => {
      time.ms += BUDGET_MS;
    });
    turns.run(() => {
      throw new Error('failed');
    });
    turns.run(() => done.push('next'));
    expect(turn).toThrow('failed');
    turn();
    expect(done).toEqual(['next']);
  });
});

import { describe, expect, it } from 'vitest';
import type { SequenceHandle } from '../../../src/sequence/handle.js';
import { LocalDirectory } from '../../../src/sequence/local-directory.js';
import type { Stand } from '../../../src/server/alerts/rule-judge.js';
import { alertsSchema } from '../../../src/server/alerts/rule-schema.js';
import { Follower } from '../../../src/server/alerts/sequence-follower.js';
import { SequenceRules } from '../../../src/server/alerts/sequence-rules.js';
import { openDurable } from '../../support/durable.js';
import { openHandle } from '../../support/handles.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { createRegistry } from '../../support/sequences.js';
import { virtualClock } from '../../support/virtual-clock.js';

const SPEC = { units: 4, features: 1, task: { kind: 'forecast', horizon: 1 }, seed: 1 };
const START = 1_000_000_000;

/** A registry whose sequences are followed, and what was told of them. */
function following(rules: unknown, disk = new MemoryDisk(), before?: ReadonlyMap<string, Stand>) {
  const { store, settle } = openDurable(disk);
  const { registry, scheduler } = createRegistry({ store });
  const clock = { ...virtualClock(scheduler), wall: () => START + scheduler.now() };
  const stands = new Map<string, Stand>(before);
  const told: string[] = [];
  const follower = new Follower({
    directory: new LocalDirectory(registry, clock),
    woken$: registry.woken$,
    removed$: registry.removed$,
    clock,
    rules: new SequenceRules(alertsSchema.parse(rules)),
    stands,
    keep: (some) => {
      for (const { sequence, stand, alerted } of some) {
        if (stand) stands.set(sequence, structuredClone(stand));
        else stands.delete(sequence);
        for (const one of alerted) told.push(`${sequence} ${one.rule} ${one.state} ${one.seq}`);
      }
    },
    onFault: (error) => {
      throw error;
    },
  });
  follower.start();
  /** Lets so much time go by; the store's promises are heard meanwhile. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      const end = scheduler.now() + Math.min(500, left);
      scheduler.maxFrames = end;
      scheduler.flush();
      scheduler.frame = end;
      await settle();
    }
  };
  /** The process dies; gives what its disk has. */
  const kill = () => {
    disk.isManual = true;
    return disk.afterPowerLoss(false);
  };
  return { registry, stands, told, follower, pass, kill, settle };
}

/** A slow wave, with a step of its own at some numbers. */
const wave = (seq: number, odd: (seq: number) => number) => Math.sin(seq / 10) + odd(seq);

function push(
  handle: SequenceHandle,
  from: number,
  to: number,
  odd: (seq: number) => number = () => 0,
): void {
  for (let first = from; first < to; first += 50) {
    const count = Math.min(50, to - first);
    const x = Float64Array.from({ length: count }, (_, i) => wave(first + i, odd));
    const t = Float64Array.from({ length: count }, (_, i) => START + 1000 * (first + i));
    handle.push({ first, x, targets: null, t, count });
  }
}

/** The same, with a producer that waits for its acks. */
function sending(...options: Parameters<typeof following>) {
  const one = following(...options);
  const send = async (handle: SequenceHandle, from: number, to: number, odd?: (seq: number) => number) => {
    await one.pass(100);
    for (let first = from; first < to; first += 200) {
      push(handle, first, Math.min(to, first + 200), odd);
      await one.pass(100);
    }
    await one.pass(1000);
  };
  return { ...one, send };
}

const spike =
  (...at: number[]) =>
  (seq: number) =>
    at.includes(seq) ? 60 : 0;

describe('alerts of sequences', () => {
  it('[HOK2] an anomaly is told once when it starts and once when it is over', async () => {
    const { registry, told, pass, send } = sending(['anomaly']);
    const odd = (seq: number) => spike(600, 601, 604)(seq) - 4 * spike(900)(seq);
    await send(openHandle(registry, { spec: SPEC }), 0, 1200, odd);
    await pass(1000);
    expect(told.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'a anomaly start',
      'a anomaly end',
      'a anomaly start',
      'a anomaly end',
    ]);
    expect([told[0], told[2]]).toEqual(['a anomaly start 600', 'a anomaly start 900']);
  });

  it('[HOK2] a level is held against the score of every step, also within a block', async () => {
    const { registry, told, send } = sending([{ on: 'anomaly', level: 0.9, endLevel: 0.5 }]);
    await send(openHandle(registry, { spec: SPEC }), 0, 700, spike(620));
    expect(told[0]).toBe('a anomaly start 620');
    expect(told[1]).toMatch(/^a anomaly end 62\d$/);
    expect(told).toHaveLength(2);
  });

  it('[HOK2] values outside their intervals are told when they are so many of the last steps', async () => {
    const { registry, told, send } = sending([{ on: 'outside', times: 8, of: 10, endTimes: 0 }]);
    const noise = (seq: number) => (Math.sin(seq * 12.9898) * 43_758.5453) % 1;
    const odd = (seq: number) => noise(seq) + (seq >= 700 && seq < 720 ? 4 ** (seq - 699) : 0);
    await send(openHandle(registry, { spec: SPEC }), 0, 900, odd);
    expect(told[0]).toMatch(/^a outside start 70[789]$/);
    expect(told[1]).toMatch(/^a outside end 7[2-9]\d$/);
    expect(told).toHaveLength(2);
  });

  it('[HOK2] a silence starts when no step has come for its time, and ends with the next', async () => {
    const { registry, told, pass } = following([{ on: 'silence', for: '1m' }]);
    const handle = openHandle(registry, { spec: SPEC });
    push(handle, 0, 10);
    await pass(59_000);
    expect(told).toEqual([]);
    await pass(600_000);
    expect(told).toEqual(['a silence start 9']);
    push(handle, 10, 20);
    await pass(30_000);
    expect(told).toEqual(['a silence start 9', 'a silence end 10']);
  });

  it('[HOK2] by event time, steps that are long past are silence too', async () => {
    const { registry, told, pass, send } = sending([{ on: 'silence', for: '10m', by: 'event-time' }]);
    const handle = openHandle(registry, { spec: SPEC });
    await pass(650_000);
    push(handle, 0, 10);
    await pass(2000);
    expect(told).toEqual(['a silence start 9']);
    await send(handle, 10, 50);
    expect(told).toHaveLength(1);
    await send(handle, 50, 200);
    expect(told).toHaveLength(2);
    expect(told[1]).toMatch(/^a silence end (5|6|7|8)\d$/);
  });

  it('[HOK9] rules are for the sequences that fit, and for what comes after they were set', async () => {
    const before = sending(['drift']);
    await before.send(openHandle(before.registry, { spec: SPEC }, 'room-1'), 0, 701, spike(600, 700));
    const { registry, told, pass, send } = sending([{ on: 'anomaly', sequences: 'room-*' }], before.kill());
    await pass(1000);
    await send(openHandle(registry, { spec: SPEC }, 'hall'), 0, 700, spike(600));
    await send(openHandle(registry, {}, 'room-1'), 701, 900, (seq) => 4 * spike(800)(seq));
    await send(openHandle(registry, { spec: SPEC }, 'room-2'), 0, 700, spike(600));
    expect(told.filter((line) => line.includes('start'))).toEqual([
      'room-1 anomaly start 800',
      'room-2 anomaly start 600',
    ]);
  });

  it('[HOK9] wherever a server dies, what it told and what the next one tells is what one server tells', async () => {
    const rules = [
      'anomaly',
      { on: 'anomaly', name: 'high', level: 0.9, endLevel: 0.6, clear: '5s' },
      { on: 'anomaly', name: 'slow', for: '3s', clear: '7s' },
      { on: 'drift', clear: '100s' },
    ];
    const odd = (seq: number) => spike(600, 601, 640, 700)(seq) + (seq >= 720 ? 300 : 0);
    const whole = sending(rules);
    await whole.send(openHandle(whole.registry, { spec: SPEC }), 0, 1000, odd);
    // events take their place among the steps of their run
    const slow = whole.told.filter((line) => line.includes(' slow '));
    expect(slow.slice(0, 3)).toEqual(['a slow start 603', 'a slow end 638', 'a slow start 643']);
    for (const stop of [599, 601, 602, 636, 670, 701, 735, 760]) {
      const first = sending(rules);
      const handle = openHandle(first.registry, { spec: SPEC });
      await first.send(handle, 0, stop, odd);
      // these are durable, and the process ends before they are judged
      push(handle, stop, stop + 20, odd);
      await first.settle();
      const told = [...first.told];
      const next = sending(rules, first.kill(), first.stands);
      await next.pass(1000);
      await next.send(openHandle(next.registry), stop + 20, 1000, odd);
      expect([...told, ...next.told], `stopped at ${stop}`).toEqual(whole.told);
    }
  });

  it('[HOK9] a sequence that sleeps and wakes is followed on, and a deleted one ends its alerts', async () => {
    const { registry, told, pass, stands, follower, send } = sending([
      'anomaly',
      { on: 'silence', for: '20m', sequences: 'a' },
    ]);
    const handle = openHandle(registry, { spec: SPEC });
    await send(handle, 0, 610, spike(605));
    handle.release();
    await pass(400_000);
    openHandle(registry, { spec: SPEC }, 'b');
    await pass(2000);
    expect(registry.inMemory('a')).toBeNull();
    expect(told).toEqual(['a anomaly start 605']);
    await pass(900_000);
    expect(told).toEqual(['a anomaly start 605', 'a silence start 609']);
    push(openHandle(registry), 610, 620);
    await pass(1000);
    expect(told.at(-1)).toBe('a silence end 610');
    void registry.remove('a');
    await pass(2000);
    expect(told.at(-1)).toBe('a anomaly end 619');
    expect([[...stands.keys()], follower.size]).toEqual([['b'], 1]);
  });

  it('[HOK9] while a step is not durable, nothing is told of it', async () => {
    const disk = new MemoryDisk();
    const { registry, told, pass, send } = sending(['anomaly'], disk);
    const handle = openHandle(registry, { spec: SPEC });
    await send(handle, 0, 600);
    disk.isManual = true;
    push(handle, 600, 610, spike(605));
    await pass(2000);
    expect(told).toEqual([]);
    disk.isManual = false;
    disk.flush();
    await pass(1000);
    expect(told).toEqual(['a anomaly start 605']);
  });
});

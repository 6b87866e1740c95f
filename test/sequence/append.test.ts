import { describe, expect, it } from 'vitest';
import { EddyError } from '../../src/errors.js';
import { REMEMBERED_KEYS } from '../../src/sequence/append-keys.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { appended, openHandle, watched } from '../support/handles.js';
import { bitsOf, replayedBits, timeAt } from '../support/replay.js';
import { codeOf, createRegistry } from '../support/sequences.js';
import { SlowStore } from '../support/slow-store.js';

const SPEC = { units: 3, seed: 4 };
const FIELDS = ['pressure', 'flow'];
const ignore = () => undefined;

const open = (options: Parameters<typeof createRegistry>[0] = {}) => {
  const { registry } = createRegistry(options);
  return {
    registry,
    handle: openHandle(registry, { spec: SPEC, fields: FIELDS }),
    sequence: registry.get('a'),
  };
};
const x = (...values: number[]) => Float64Array.from(values);

describe('append', () => {
  it('[APP1] numbers the step, and answers with the number when the step is durable', () => {
    const store = new SlowStore();
    const { handle } = open({ store });
    const [one, other] = [appended(handle, { x: x(1, 2) }), appended(handle, { x: x(3, 4) })];
    expect([one.outcome, other.outcome]).toEqual([null, null]);
    store.makeDurable(2);
    expect([one.outcome, other.outcome]).toEqual([0, null]);
    store.makeDurable(3);
    expect(other.outcome).toBe(1);
  });

  it('[APP2] takes readings by name, and what is absent is a gap', () => {
    const { handle, registry } = open();
    const inputs = watched(registry.get('a'), 'inputs');
    appended(handle, { values: { flow: 2, pressure: 123465789.12 } });
    appended(handle, { values: { flow: true } });
    appended(handle, { values: {} });
    expect(inputs.flatMap((message) => [...message.x])).toEqual([123465789.12, 2, NaN, 1, NaN, NaN]);
    const refused = [
      { values: { speed: 1 } },
      { values: { flow: 1 }, x: x(1, 2) },
      {},
      { x: x(1) },
      { x: x(1, 2, 3, 4) },
      { x: x(1, Number.POSITIVE_INFINITY) },
      { x: x(1, 2), targets: x(1) },
    ].map((reading) => appended(handle, reading).outcome);
    expect(refused).toEqual([
      'field-unknown',
      'step-shape',
      'step-shape',
      'step-shape',
      'step-shape',
      'step-non-finite',
      'target-unexpected',
    ]);
    expect(handle.seq).toBe(2);
  });

  it('[APP2] carries the target of a supervised model', () => {
    const { registry } = createRegistry();
    const spec = {
      features: 1,
      units: 3,
      task: { kind: 'supervised', outputs: 1, delay: 0 },
      seed: 4,
    } as const;
    const handle = openHandle(registry, { spec });
    for (let n = 0; n < 30; n++) appended(handle, { x: x(n), t: timeAt(n), targets: x(Math.sin(n)) });
    const plain = replayedBits(handle.spec, 30, (n) => ({ x: [n], t: timeAt(n), target: [Math.sin(n)] }));
    expect(bitsOf(registry.get('a').model)).toBe(plain);
  });

  it('[APP3] [APP4] has its effect once with a key, and none with a key that came with other numbers', () => {
    const { handle, sequence } = open();
    const send = (reading: object) => appended(handle, reading).outcome;
    expect(send({ x: x(1, Number.NaN), key: 'a' })).toBe(0);
    expect(send({ x: x(3, 4), t: 1000, key: 'b' })).toBe(1);
    expect(send({ values: { pressure: 1 }, key: 'a' })).toBe(0);
    expect(send({ x: x(3, 4), t: 1000, key: 'b' })).toBe(1);
    for (const other of [x(1, 2), x(1, 0)]) expect(send({ x: other, key: 'a' })).toBe('key-conflict');
    for (const t of [2000, undefined]) expect(send({ x: x(3, 4), t, key: 'b' })).toBe('key-conflict');
    expect(send({ x: x(1, Number.NaN) })).toBe(2);
    expect(sequence.seq).toBe(2);
  });

  it('[APP4] tells a target from a time', () => {
    const { registry } = createRegistry();
    const spec = { features: 1, units: 3, task: { kind: 'supervised', outputs: 1, delay: 0 } };
    const handle = openHandle(registry, { spec });
    expect(appended(handle, { x: x(1), targets: x(5), key: 'a' }).outcome).toBe(0);
    expect(appended(handle, { x: x(1), t: 5, key: 'a' }).outcome).toBe('key-conflict');
  });

  it('[APP3] waits for the step where its key comes again before that is durable', () => {
    const store = new SlowStore();
    const { handle } = open({ store });
    const [one, again] = [1, 2].map(() => appended(handle, { x: x(1, 2), key: 'a' }));
    expect([one?.outcome, again?.outcome]).toEqual([null, null]);
    store.makeDurable(2);
    expect([one?.outcome, again?.outcome]).toEqual([0, 0]);
  });

  it('[APP3] remembers the last 10,000 keys, over checkpoints, sleep, restart and export', async () => {
    const server = new Restartable();
    let handle = openHandle(server.registry, { spec: SPEC, fields: FIELDS });
    const most = REMEMBERED_KEYS;
    expect(most).toBe(10_000);
    for (let n = 0; n < most + 5; n++) {
      appended(handle, { x: x(n, n), key: `k${n}` });
      if (n === 4000 || n === 8000) server.sequence.keep();
    }
    await server.settle();
    const outcomes = async () => {
      const told = [5, most + 4, 5000].map((n) => appended(handle, { x: x(n, n), key: `k${n}` }));
      await server.settle();
      return told.map(({ outcome }) => outcome);
    };
    const expected = [5, most + 4, 5000];
    expect(await outcomes()).toEqual(expected);
    server.sequence.sleep('idle');
    expect(await outcomes()).toEqual(expected);
    await server.restart();
    handle = openHandle(server.registry);
    expect(await outcomes()).toEqual(expected);
    await server.registry.importAs('copy', server.registry.exportOf('a'));
    handle = openHandle(server.registry, {}, 'copy');
    expect(await outcomes()).toEqual(expected);
    // the oldest keys are forgotten
    const forgotten = appended(handle, { x: x(4, 4), key: 'k4' });
    await server.settle();
    expect(forgotten.outcome).toBe(most + 5);
  });

  it('[APP5] serves several producers, beside one that numbers its steps', () => {
    const { registry, handle, sequence } = open();
    const other = openHandle(registry, { fields: ['flow', 'pressure'] });
    const inputs = watched(sequence, 'inputs');
    appended(handle, { x: x(1, 2) });
    appended(other, { x: x(4, 3) });
    ask(sequence).push(2, x(5, 6), undefined, ignore);
    appended(handle, { x: x(7, 8) });
    expect(codeOf(() => ask(sequence).push(3, x(9, 9), undefined, ignore))).toBe('step-conflict');
    ask(sequence).push(3, x(7, 8), undefined, ignore);
    expect(inputs.flatMap((message) => [...message.x])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('[APP6] is refused where too many wait', () => {
    const { handle } = open({ store: new SlowStore(), limits: { pendingAppends: 3, unackedSteps: 2 } });
    const outcomes = [0, 1, 2, 3].map((n) => appended(handle, { x: x(n, n), key: `k${n}` }));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([null, null, null, 'credit-exceeded']);
    expect(handle.seq).toBe(2);
  });

  it('[APP1] is refused when the sequence is removed before the step is durable, and while the store cannot write', async () => {
    const store = new SlowStore();
    const { handle, registry } = open({ store });
    const waiting = appended(handle, { x: x(1, 2) });
    await registry.remove('a');
    expect(appended(handle, { x: x(1, 2) }).outcome).toBe('sequence-unknown');
    expect(waiting.outcome).toBe('sequence-unknown');
    const again = openHandle(registry, { spec: SPEC, fields: FIELDS });
    store.failure = new EddyError('store-unavailable', 'the disk is full');
    expect(appended(again, { x: x(1, 2) }).outcome).toBe('store-unavailable');
  });
});

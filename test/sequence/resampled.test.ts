import { describe, expect, it } from 'vitest';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { appended, openHandle, watched } from '../support/handles.js';
import { codeOf, createRegistry } from '../support/sequences.js';
import { SlowStore } from '../support/slow-store.js';

const ASKED = {
  spec: { units: 3, seed: 4 },
  fields: ['pressure', 'flow'],
  resample: { every: '10s', lateness: '5s', of: { flow: 'sum' } },
};
const ignore = () => undefined;

const open = (options: Parameters<typeof createRegistry>[0] = {}, asked: object = ASKED) => {
  const { registry, scheduler } = createRegistry(options);
  const handle = openHandle(registry, asked);
  const sequence = registry.get('a');
  const inputs = watched(sequence, 'inputs');
  const steps = () => inputs.flatMap(({ t, x }) => [...t].map((at, i) => [at, ...x.slice(2 * i, 2 * i + 2)]));
  const send = (t: number | undefined, values: object, key?: string) =>
    appended(handle, { values: { ...values }, t, key });
  return { registry, scheduler, handle, sequence, steps, send };
};

describe('a sequence that is resampled', () => {
  it('[SEQ7] [RSM16] refuses all readings that wait where a fault of its own stops it', () => {
    const { sequence, send } = open();
    const kept = send(1000, { pressure: 990 });
    send(16_000, { pressure: 991 });
    expect(kept.outcome).toBe(0);
    const told = [send(17_000, { flow: 1 }), send(21_000, { flow: 2 })];
    sequence.model.advance = () => {
      throw new TypeError('broken');
    };
    told.push(send(36_000, { flow: 3 }));
    expect(told.map(({ outcome }) => outcome)).toEqual(new Array(3).fill('sequence-failed'));
    expect(kept.outcome).toBe(0);
  });

  it('[RSM15] makes one step of readings of different fields at different times, in any order', () => {
    const { steps, send } = open();
    const told = [
      send(1000, { pressure: 990 }),
      send(4000, { flow: 1 }),
      send(12_000, { flow: 3 }),
      send(2000, { flow: 2 }),
      send(3000, { pressure: 991 }),
    ];
    expect(steps()).toEqual([]);
    send(15_000, { pressure: 992 });
    expect(steps()).toEqual([[0, 991, 3]]);
    expect(told.map(({ outcome }) => outcome)).toEqual([0, 0, null, 0, 0]);
    send(35_000, {});
    expect(steps()).toEqual([
      [0, 991, 3],
      [10_000, 992, 3],
      [20_000, NaN, NaN],
    ]);
  });

  it('[RSM15] tells its settings with their defaults, and takes the same again and no others', () => {
    const { registry, handle } = open();
    const resample = { every: 10_000, lateness: 5000, of: { flow: 'sum' } };
    expect(handle.schema.resample).toEqual(resample);
    expect(handle.spec.inputs.missing).toBe('hold');
    const again = (other: object) => codeOf(() => openHandle(registry, { ...ASKED, ...other }));
    expect(again({})).toBe('none');
    expect(again({ resample: undefined })).toBe('none');
    expect(again({ resample })).toBe('none');
    expect(again({ resample: { ...ASKED.resample, every: '1m' } })).toBe('spec-conflict');
    expect(codeOf(() => openHandle(registry, { fields: ['flow', 'pressure'], resample }))).toBe('none');
    openHandle(registry, { spec: { features: 1, units: 2 } }, 'b');
    expect(codeOf(() => openHandle(registry, { resample: { every: '10s' } }, 'b'))).toBe('spec-conflict');
  });

  it.each([
    ['a field that there is not', { resample: { every: '10s', of: { speed: 'sum' } } }],
    ['no duration', { resample: { every: 'soon' } }],
    ['a spec that refuses gaps', { spec: { units: 3, inputs: { missing: 'refuse' } } }],
    ['batch rows', { spec: { units: 3, batch: 2 } }],
    ['targets of their own', { spec: { units: 3, task: { kind: 'supervised', outputs: 1 } } }],
  ])('[RSM15] is refused with %s', (_what, asked) => {
    expect(codeOf(() => open({}, { ...ASKED, ...asked }))).toBe('setting-invalid');
  });

  it('[RSM15] numbers its steps itself', () => {
    const { sequence } = open();
    expect(codeOf(() => ask(sequence).push(0, Float64Array.of(1, 2), undefined, ignore))).toBe(
      'step-unnumbered',
    );
  });

  it('[RSM16] answers when the step is durable, and an append with the same key alike', () => {
    const store = new SlowStore();
    const { send } = open({ store });
    const told = [send(1000, { flow: 1 }, 'a'), send(1000, { flow: 1 }, 'a'), send(2000, { flow: 1 })];
    expect(send(3000, { flow: 9 }, 'a').outcome).toBe('key-conflict');
    send(15_000, {});
    told.push(send(1000, { flow: 1 }, 'a'));
    expect(told.map(({ outcome }) => outcome)).toEqual([null, null, null, null]);
    store.makeDurable(2);
    expect(told.map(({ outcome }) => outcome)).toEqual([0, 0, 0, 0]);
  });

  it('[RSM16] refuses what is late, or has no time that a date has, and counts what it took once', () => {
    const { send, steps, handle } = open();
    send(1000, { flow: 1 }, 'a');
    send(15_000, { flow: 1 }, 'b');
    expect(send(9999, { flow: 1 }, 'c').outcome).toBe('step-late');
    expect(send(1000, { flow: 1 }, 'a').outcome).toBe(0);
    expect(send(8.64e15 + 2, { flow: 1 }).outcome).toBe('step-time');
    handle.flush().subscribe();
    expect(steps()).toEqual([
      [0, NaN, 1],
      [10_000, NaN, 1],
    ]);
  });

  it('[RSM16] stays closed where it was after a restart, and counts once what is sent again', async () => {
    const server = new Restartable();
    openHandle(server.registry, ASKED);
    const send = (t: number, key: string) =>
      appended(openHandle(server.registry), { values: { flow: 1 }, t, key });
    const told = [send(1000, 'a'), send(15_000, 'b')];
    await server.settle();
    expect(told.map(({ outcome }) => outcome)).toEqual([0, null]);
    await server.restart();
    const again = [send(9000, 'late'), send(1000, 'a'), send(15_000, 'b'), send(15_000, 'b')];
    const flushed = new Promise<void>((resolve) =>
      openHandle(server.registry).flush().subscribe({ complete: resolve }),
    );
    await server.settle();
    await flushed;
    expect(again.map(({ outcome }) => outcome)).toEqual(['step-late', 0, 1, 1]);
    const inputs: number[][] = [];
    const { sequence } = server;
    sequence
      .rejoin('inputs', { every: 0, delivery: 'every' }, { epoch: sequence.epoch, seq: -1 })
      .results$.subscribe((message) => {
        if (message.type !== 'inputs') return;
        for (const [i, t] of message.t.entries()) inputs.push([t, ...message.x.slice(2 * i, 2 * i + 2)]);
      });
    server.goOn();
    expect(inputs).toEqual([
      [0, NaN, 1],
      [10_000, NaN, 1],
    ]);
  });

  it('[RSM17] closes a bin when a sensor falls silent, and when it is flushed', () => {
    const { scheduler, send, steps, handle } = open();
    const told = send(1000, { flow: 1 });
    const runTo = (ms: number) => {
      scheduler.maxFrames = ms;
      scheduler.flush();
      scheduler.frame = ms;
    };
    runTo(14_999);
    expect(told.outcome).toBe(null);
    runTo(15_001);
    expect([told.outcome, steps()]).toEqual([0, [[0, NaN, 1]]]);
    const other = send(21_000, { flow: 2 });
    let isDone = false;
    handle.flush().subscribe({
      complete: () => {
        isDone = true;
      },
    });
    expect([isDone, other.outcome]).toEqual([true, 2]);
    handle.flush().subscribe();
    expect(steps()).toEqual([
      [0, NaN, 1],
      [10_000, NaN, NaN],
      [20_000, NaN, 2],
    ]);
  });

  it('[RSM17] sleeps with readings that wait, and goes on with them', () => {
    const { sequence, send, steps, registry } = open();
    const told = send(1000, { flow: 1 });
    sequence.sleep('idle');
    send(2000, { flow: 1 });
    sequence.sleep('idle');
    send(15_000, {});
    expect([told.outcome, steps()]).toEqual([0, [[0, NaN, 2]]]);
    expect(registry.inMemory('a')).toBe(sequence);
  });

  it('[APP6] holds no more readings than it may, however often the same comes again', () => {
    const { send } = open({ limits: { pendingAppends: 3 } });
    const told = [0, 1, 2, 3].map(() => send(1000, { flow: 1 }, 'a'));
    expect(told.map(({ outcome }) => outcome)).toEqual([null, null, null, 'credit-exceeded']);
    expect(send(15_000, {}).outcome).toBe('credit-exceeded');
  });

  it('[RSM16] refuses the readings that wait when the sequence is removed', async () => {
    const { registry, send } = open();
    const told = send(1000, { flow: 1 });
    await registry.remove('a');
    expect(told.outcome).toBe('sequence-unknown');
  });

  it('[RSM15] sums to no number beyond float32', () => {
    const { send, sequence, steps } = open();
    for (let i = 0; i < 9; i++) send(1000, { flow: 3e38 });
    send(15_000, {});
    expect(steps().length).toBe(1);
    for (let t = 2; t < 9; t++) send(10_000 * t, { flow: t });
    const { h } = sequence.model.last();
    expect(h.every(Number.isFinite)).toBe(true);
    expect(JSON.stringify(sequence.model.snapshot())).not.toMatch(/null.*"weights"|Infinity/);
  });

  it('[RSM18] tells of a silence of which not every empty bin became a step', () => {
    const { sequence, send, steps } = open();
    const events = watched(sequence, 'events');
    send(1000, { flow: 1 });
    send(10_000_000, { flow: 1 });
    send(10_015_000, { flow: 1 });
    expect(steps()).toHaveLength(1 + 256 + 1);
    const [silence] = events.flatMap((message) => message.events).filter(({ event }) => event === 'silence');
    expect(silence).toMatchObject({
      seq: 257,
      t: 10_000_000,
      detail: { from: 2_570_000, to: 10_000_000, steps: 743 },
    });
  });
});

/** Whatever waits for durability is answered, each request in each circumstance. */
import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { EddyError } from '../../src/errors.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import type { SequenceHandle } from '../../src/sequence/handle.js';
import { LocalDirectory } from '../../src/sequence/local-directory.js';
import type { Registry } from '../../src/sequence/registry.js';
import { createDurableStore } from '../../src/store/log/durable.js';
import { turn } from '../support/durable.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { createRegistry } from '../support/sequences.js';
import { virtualClock } from '../support/virtual-clock.js';

const SPEC = { features: 1, units: 2, task: { kind: 'supervised', outputs: 1, delay: 8 } };
const STEPS = 5;
const x = Float64Array.of(0.5);

/** A server over a disk whose writes end when the test says so. */
class Server {
  private readonly scheduler = new VirtualTimeScheduler();
  registry!: Registry;
  handle!: SequenceHandle;
  directory!: LocalDirectory;

  constructor(public disk = new MemoryDisk()) {
    this.start();
  }

  /** Sequence `a` has steps, of which all but the last have no target, and everything is durable. */
  static async begun(): Promise<Server> {
    const server = new Server();
    server.open('create');
    for (let seq = 0; seq < STEPS; seq++)
      server.handle.push({ first: seq, x, targets: null, t: null, count: 1 });
    server.handle.learn(0, x).subscribe();
    await server.settle();
    return server;
  }

  open(mode: 'create' | 'resume'): void {
    const asked = mode === 'create' ? { spec: SPEC } : {};
    this.directory
      .open('a', mode, asked, () => undefined)
      .subscribe(({ handle }) => {
        this.handle = handle;
      });
  }

  async restart(): Promise<void> {
    await this.settle();
    this.disk = this.disk.afterPowerLoss(false);
    this.start();
    this.open('resume');
  }

  /** Lets all writes end. */
  async settle(): Promise<void> {
    for (let i = 0; i < 12; i++) {
      await turn();
      this.disk.flush();
      await this.pass(0);
    }
  }

  async pass(ms: number): Promise<void> {
    const { scheduler } = this;
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.flush();
    scheduler.frame = scheduler.maxFrames;
    for (let i = 0; i < 3; i++) await turn();
  }

  private start(): void {
    this.disk.isManual = true;
    const clock = virtualClock(this.scheduler);
    const store = createDurableStore(this.disk, { clock, atTurnEnd: queueMicrotask, groupMs: 0 });
    this.registry = createRegistry({ store, scheduler: this.scheduler }).registry;
    this.directory = new LocalDirectory(this.registry, clock);
  }
}

type Ask = (server: Server) => string[];

/** Notes how a request ended. */
const noted = (work: (server: Server) => import('rxjs').Observable<unknown>): Ask => {
  return (server) => {
    const answers: string[] = [];
    work(server).subscribe({
      error: (error: EddyError) => answers.push(error.code),
      complete: () => answers.push('done'),
    });
    return answers;
  };
};

const REQUESTS: Readonly<Record<string, Ask>> = {
  checkpoint: noted(({ handle }) => handle.checkpoint()),
  configure: noted(({ handle }) => handle.configure({ learningRate: 0.01 })),
  reset: noted(({ handle }) => handle.reset('state')),
  flush: noted(({ handle }) => handle.flush()),
  append: noted(({ handle }) => handle.append({ x, key: 'one' })),
  targets: noted(({ handle }) => handle.learn(1, x)),
  'targets that came before': noted(({ handle }) => handle.learn(0, x)),
  'targets of which some are refused': noted(({ handle }) => handle.learn(STEPS - 1, Float64Array.of(1, 1))),
  remove: noted(({ directory }) => directory.remove('a')),
};
const NAMES = Object.keys(REQUESTS);
/** Those that are answered without waiting for the disk where nothing is under way. */
const AT_ONCE = new Set(['flush', 'targets that came before']);

const ended = new EddyError('sequence-unknown', 'it was removed');

describe.each(NAMES)('a request (%s)', (name) => {
  const ask = REQUESTS[name]!;

  it('[ANS1] is done when it is durable, and not before', async () => {
    const server = await Server.begun();
    const answers = ask(server);
    await server.pass(1);
    expect(answers).toEqual(AT_ONCE.has(name) ? ['done'] : []);
    await server.settle();
    expect(answers).toEqual(['done']);
  });

  it('[ANS1] is answered with nothing new, twice, after a restart and asleep', async () => {
    const server = await Server.begun();
    for (const change of ['nothing', 'restart', 'sleep', 'sleep and restart'] as const) {
      if (change.includes('sleep')) server.registry.get('a').sleep('idle');
      if (change.includes('restart')) await server.restart();
      if (name === 'remove') break;
      const [one, other] = [ask(server), ask(server)];
      await server.settle();
      expect([one, other], change).toEqual([['done'], ['done']]);
      await server.pass(1);
      const again = ask(server);
      await server.settle();
      expect(again, `${change}, again`).toEqual(['done']);
    }
    const answers = ask(server);
    await server.settle();
    expect(answers).toEqual(['done']);
  });

  it('[ANS1] is answered once where the sequence sleeps, steps on or makes a checkpoint while it waits', async () => {
    const server = await Server.begun();
    if (name === 'remove') return;
    const { registry, handle } = server;
    const answers: string[][] = [];
    const push = () => handle.push({ first: registry.get('a').seq + 1, x, targets: null, t: null, count: 1 });
    for (const act of [push, () => registry.get('a').keep(), () => registry.get('a').sleep('room'), push]) {
      answers.push(ask(server));
      act();
      answers.push(ask(server));
      await server.pass(1);
    }
    await server.settle();
    expect(answers).toEqual(answers.map(() => ['done']));
  });

  it('[ANS2] is told after a while that a disk hangs or fails, and at once where that is known', async () => {
    for (const failure of [null, new Error('no space left')]) {
      const server = await Server.begun();
      // something is under way
      server.handle.push({ first: STEPS, x, targets: null, t: null, count: 1 });
      const answers = ask(server);
      await server.pass(1);
      server.disk.failure = failure;
      if (failure) server.disk.flush();
      await server.pass(DEFAULT_LIMITS.durableMs - 100);
      expect(answers).toEqual([]);
      await server.pass(200);
      expect(answers).toEqual(['store-unavailable']);
      if (failure && name !== 'remove') expect(ask(server)).toEqual(['store-unavailable']);
      server.disk.failure = null;
      await server.pass(5000);
      await server.settle();
      expect(answers).toEqual(['store-unavailable']);
      if (name === 'remove') expect(server.registry.has('a')).toBe(false);
      else {
        const again = ask(server);
        await server.settle();
        expect(again).toEqual(['done']);
      }
    }
  });

  it('[ANS1] is refused with the reason where the sequence is removed or ends meanwhile, or the server does', async () => {
    for (const end of ['removed', 'ended', 'shutdown'] as const) {
      if (name === 'remove' && end === 'ended') continue;
      const server = await Server.begun();
      server.handle.push({ first: STEPS, x, targets: null, t: null, count: 1 });
      const answers = ask(server);
      const over =
        end === 'removed'
          ? server.registry.remove('a').catch(() => undefined)
          : end === 'shutdown'
            ? server.registry.end()
            : server.registry.get('a').end(ended);
      await server.settle();
      await over;
      const code = end === 'shutdown' ? 'server-shutdown' : 'sequence-unknown';
      expect(answers, end).toEqual([name === 'remove' ? 'done' : code]);
    }
  });

  it('[ANS1] does not disturb the sequence where nobody listens any more', async () => {
    const server = await Server.begun();
    const { handle, registry } = server;
    const work: Record<string, () => { subscribe(): { unsubscribe(): void } }> = {
      checkpoint: () => handle.checkpoint(),
      configure: () => handle.configure({ learning: false }),
      targets: () => handle.learn(1, x),
      append: () => handle.append({ x }),
    };
    work[name]?.().subscribe().unsubscribe();
    await server.settle();
    expect(registry.get('a').durable).toBe(registry.get('a').seq);
  });
});

describe('a checkpoint', () => {
  it('[ANS1] of a sequence that was just created is made and answered', async () => {
    const server = new Server();
    server.open('create');
    const answers = REQUESTS.checkpoint!(server);
    await server.settle();
    expect(answers).toEqual(['done']);
  });

  it('[ANS1] asked for during another one is answered with its own', async () => {
    const server = await Server.begun();
    const order: string[] = [];
    const askAs = (who: string) => server.handle.checkpoint().subscribe({ complete: () => order.push(who) });
    askAs('one');
    await server.pass(1);
    server.handle.push({ first: STEPS, x, targets: null, t: null, count: 1 });
    askAs('two');
    askAs('three');
    expect(order).toEqual([]);
    server.disk.flush();
    await server.pass(1);
    expect(order).toEqual(['one']);
    await server.settle();
    expect(order).toEqual(['one', 'two', 'three']);
  });
});

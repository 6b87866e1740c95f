/** Stores over a disk in memory, and sequences that are restarted over it. */
import { VirtualTimeScheduler } from 'rxjs';
import type { Registry } from '../../src/sequence/registry.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { createDurableStore } from '../../src/store/log/durable.js';
import type { Store } from '../../src/store/store.js';
import { MemoryDisk } from './memory-disk.js';
import { createRegistry } from './sequences.js';
import { virtualClock } from './virtual-clock.js';

/** A store over a disk; `settle` waits until all that can be written is. */
export function openDurable(disk = new MemoryDisk()) {
  const scheduler = new VirtualTimeScheduler();
  const store = createDurableStore(disk, {
    clock: virtualClock(scheduler),
    atTurnEnd: queueMicrotask,
    groupMs: 0,
  });
  const settle = async () => {
    for (let i = 0; i < 4; i++) {
      await turn();
      scheduler.flush();
    }
  };
  return { disk, store, settle };
}

/** Waits for what promises have to do now. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A sequence of a server that can be restarted. */
export class Restartable {
  private durable = openDurable();
  private server = createRegistry({ store: this.durable.store });

  get registry(): Registry {
    return this.server.registry;
  }

  get store(): Store {
    return this.durable.store;
  }

  get sequence(): Sequence {
    return this.registry.get('a');
  }

  /** Lets a few turns of the event loop pass, which those who read the past go on in. */
  goOn(): void {
    const { scheduler } = this.server;
    scheduler.maxFrames = scheduler.frame + 10;
    scheduler.flush();
  }

  settle(): Promise<void> {
    return this.durable.settle();
  }

  /** The server dies when all is written, and another one begins. */
  async restart(): Promise<void> {
    await this.settle();
    this.begin(this.durable.disk);
  }

  /** The server dies at once, and another one begins with what its disk has. */
  kill(): void {
    const { disk } = this.durable;
    // nothing that the dead one still does is heard of
    disk.isManual = true;
    this.begin(disk.afterPowerLoss(false));
  }

  private begin(disk: MemoryDisk): void {
    this.durable = openDurable(disk);
    this.server = createRegistry({ store: this.durable.store });
  }
}

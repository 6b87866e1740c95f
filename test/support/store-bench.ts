/** A durable store over a disk in memory, in virtual time: turns, flushes and hours come when the test says so. */

import { VirtualTimeScheduler } from 'rxjs';
import { createDurableStore, type DurableStoreParts } from '../../src/store/log/durable.js';
import type { Store } from '../../src/store/store.js';
import { MemoryDisk } from './memory-disk.js';
import { settle } from './store-data.js';
import { virtualClock } from './virtual-clock.js';

export class StoreBench {
  readonly time = new VirtualTimeScheduler();
  readonly store: Store;
  private works: (() => void)[] = [];

  constructor(
    readonly disk = new MemoryDisk(),
    parts: DurableStoreParts = {},
  ) {
    disk.isManual = true;
    this.store = createDurableStore(disk, {
      clock: virtualClock(this.time),
      atTurnEnd: (work) => this.works.push(work),
      ...parts,
    });
  }

  /** Ends the present turn of the event loop. */
  async endTurn(): Promise<void> {
    const { works } = this;
    this.works = [];
    for (const work of works) work();
    await settle();
  }

  /** Ends the write that is under way: it is durable, or fails with `disk.failure`. */
  async flush(): Promise<void> {
    this.disk.flush();
    await settle();
  }

  /** Lets the clock run. */
  async advance(ms: number): Promise<void> {
    const end = this.time.now() + ms;
    this.time.schedule(() => undefined, ms);
    this.time.maxFrames = end;
    this.time.flush();
    await settle();
  }

  /** Lets turns, flushes and time go by until nothing is left to write. */
  async drain(): Promise<void> {
    for (let calm = 0; calm < 2; calm++) {
      const { begun } = this.disk;
      await this.endTurn();
      await this.flush();
      await this.advance(5);
      if (this.disk.begun !== begun || this.disk.isWriting) calm = -1;
    }
  }
}

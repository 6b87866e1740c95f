import type { Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { SequenceHandle } from '../../sequence/handle.js';

/** The open sequences of one socket, by channel, and the subscriptions to each. */
export class Channels {
  private readonly open = new Map<
    number,
    { readonly handle: SequenceHandle; readonly heard: Subscription }
  >();

  constructor(private readonly most: number) {}

  /** Checks that a sequence of this name may be opened. @throws EddyError `channel-limit` */
  checkRoom(name: string): void {
    if (this.open.size < this.most) return;
    for (const { handle } of this.open.values()) if (handle.name === name) return;
    throw new EddyError('channel-limit', `this socket already has ${this.most} open channels`);
  }

  /** Enters a handle, unless its sequence is already open; gives the handle in use. */
  enter(handle: SequenceHandle, listen: (handle: SequenceHandle) => Subscription): SequenceHandle {
    const before = this.open.get(handle.channel);
    if (before) {
      handle.release();
      return before.handle;
    }
    this.open.set(handle.channel, { handle, heard: listen(handle) });
    return handle;
  }

  /** @throws EddyError `channel-unknown` */
  get(channel: number): SequenceHandle {
    const open = this.open.get(channel);
    if (open) return open.handle;
    throw new EddyError('channel-unknown', `channel ${channel} is not open on this socket`);
  }

  has(channel: number): boolean {
    return this.open.has(channel);
  }

  /** @throws EddyError `channel-unknown` */
  close(channel: number): void {
    this.get(channel).release();
    this.open.get(channel)?.heard.unsubscribe();
    this.open.delete(channel);
  }

  end(): void {
    for (const channel of [...this.open.keys()]) this.close(channel);
  }
}

import { Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { ClientMessage } from '../../protocol/messages.js';
import type { SequenceHandle } from '../../sequence/handle.js';

/** The open sequences of one socket, by channel, and what is heard of each: until its last ack, also after it was closed. */
export class Channels {
  private readonly open = new Map<number, SequenceHandle>();
  private readonly heard = new Subscription();

  constructor(private readonly most: number) {}

  /** Checks that a sequence of this name may be opened. @throws EddyError `channel-limit` */
  checkRoom(name: string): void {
    if (this.open.size < this.most) return;
    for (const handle of this.open.values()) if (handle.name === name) return;
    throw new EddyError('channel-limit', `this socket already has ${this.most} open channels`);
  }

  /**
   * Enters a handle, unless its sequence is already open; gives the handle in use.
   *
   * @throws EddyError `channel-limit`, and the handle is released
   */
  enter(handle: SequenceHandle, listen: (handle: SequenceHandle) => Subscription): SequenceHandle {
    const before = this.open.get(handle.channel);
    if (before || this.open.size >= this.most) handle.release();
    if (before) return before;
    this.checkRoom(handle.name);
    this.open.set(handle.channel, handle);
    this.heard.add(listen(handle));
    return handle;
  }

  /** Gives the sequence on the channel of a message, if it names one that is open. */
  find(message: ClientMessage): SequenceHandle | undefined {
    const channel = 'channel' in message ? message.channel : undefined;
    return channel === undefined ? undefined : this.open.get(channel);
  }

  /** @throws EddyError `channel-unknown` */
  get(channel: number): SequenceHandle {
    const handle = this.open.get(channel);
    if (handle) return handle;
    throw new EddyError('channel-unknown', `channel ${channel} is not open on this socket`);
  }

  /** @throws EddyError `channel-unknown` */
  close(channel: number): void {
    this.get(channel).release();
    this.open.delete(channel);
  }

  end(): void {
    for (const channel of [...this.open.keys()]) this.close(channel);
    this.heard.unsubscribe();
  }
}

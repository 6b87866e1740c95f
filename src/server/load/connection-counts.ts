import type { Duplex } from 'node:stream';

/** Counts connections, in total and per address, from their entry until their stream closes. */
export class ConnectionCounts {
  private readonly byAddress = new Map<string, number>();
  private all = 0;

  get size(): number {
    return this.all;
  }

  of(address: string): number {
    return this.byAddress.get(address) ?? 0;
  }

  enter(address: string, stream: Duplex): void {
    this.add(address, 1);
    stream.once('close', () => this.add(address, -1));
  }

  private add(address: string, change: number): void {
    const count = this.of(address) + change;
    this.all += change;
    if (count > 0) this.byAddress.set(address, count);
    else this.byAddress.delete(address);
  }
}

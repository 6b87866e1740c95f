/**
 * The places of connections: so many in all, and so many of one address. Whoever holds a place without having said
 * anything gives it up for a newcomer: waiting in silence costs an attacker nothing, and the next to come may be honest.
 */
import type { Duplex } from 'node:stream';
import { bucketOf } from '../auth/attempts.js';

/** What a connection is doing: nothing yet, nothing between two requests, or something. */
export type Standing = 'silent' | 'idle' | 'busy';

/** The place of one connection. */
export interface Place {
  /** Its address, in the form in which they are counted; null for one whose address stands for many. */
  readonly address: string | null;
  standing: Standing;
  /** Ends the connection in favour of another. */
  end: () => void;
}

export interface PlacesParts {
  readonly most: number;
  readonly mostPerAddress: number;
}

/** The places of one address, or all, those of each standing in the order in which they came to it. */
class Standings {
  private readonly of: Record<Standing, Set<Place>> = { silent: new Set(), idle: new Set(), busy: new Set() };

  get size(): number {
    return this.of.silent.size + this.of.idle.size + this.of.busy.size;
  }

  /** The first to give up its place: the oldest that has said nothing, then the one that has been idle for longest. */
  get expendable(): Place | undefined {
    const [silent] = this.of.silent;
    const [idle] = this.of.idle;
    return silent ?? idle;
  }

  add(place: Place): void {
    this.of[place.standing].add(place);
  }

  remove(place: Place): void {
    this.of[place.standing].delete(place);
  }
}

export class ConnectionPlaces {
  private readonly all = new Standings();
  private readonly byAddress = new Map<string, Standings>();
  private readonly held = new Set<Place>();

  constructor(private readonly parts: PlacesParts) {}

  get size(): number {
    return this.all.size;
  }

  /** Tells where there is no room for one more of an address, even if somebody gave up its place; null if there is. */
  full(address: string | null): 'address' | 'all' | null {
    const { most, mostPerAddress } = this.parts;
    const same = this.sameAs(address);
    if (same && same.size >= mostPerAddress) return same.expendable ? null : 'address';
    return this.all.size >= most && !this.all.expendable ? 'all' : null;
  }

  /** Takes a place until the stream closes, at the cost of another where there is no room. Ask `full` before. */
  enter(address: string | null, stream: Duplex, end: () => void = () => stream.destroy()): Place {
    this.makeRoom(address);
    const key = address === null ? null : bucketOf(address);
    const place: Place = { address: key, standing: 'silent', end };
    this.held.add(place);
    this.all.add(place);
    if (key !== null) {
      const same = this.byAddress.get(key) ?? new Standings();
      this.byAddress.set(key, same);
      same.add(place);
    }
    stream.once('close', () => this.leave(place));
    return place;
  }

  /** Says what a connection is doing from now on. */
  settle(place: Place, standing: Standing): void {
    if (!this.held.has(place) || place.standing === standing) return;
    const tables = [this.all, this.sameAs(place.address)];
    for (const table of tables) table?.remove(place);
    place.standing = standing;
    for (const table of tables) table?.add(place);
  }

  /** Gives the place back. */
  leave(place: Place): void {
    if (!this.held.delete(place)) return;
    this.all.remove(place);
    const same = this.sameAs(place.address);
    same?.remove(place);
    if (place.address !== null && same?.size === 0) this.byAddress.delete(place.address);
  }

  private makeRoom(address: string | null): void {
    const { most, mostPerAddress } = this.parts;
    const same = this.sameAs(address);
    const isCrowded = same !== undefined && same.size >= mostPerAddress;
    const leaver = isCrowded ? same.expendable : this.all.size >= most ? this.all.expendable : undefined;
    if (!leaver) return;
    this.leave(leaver);
    leaver.end();
  }

  private sameAs(address: string | null): Standings | undefined {
    return address === null ? undefined : this.byAddress.get(bucketOf(address));
  }
}

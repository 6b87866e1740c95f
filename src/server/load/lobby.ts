/** The TCP connections of a server that are no WebSockets, or none yet. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../../limits.js';
import { ConnectionPlaces, type Place } from './connection-places.js';

export interface LobbyParts {
  readonly limits: Pick<Limits, 'httpConnections' | 'socketsPerAddress'>;
  /** Does a connection from this address stand for many users, as that of a proxy does? */
  readonly isShared: (address: string | undefined) => boolean;
}

interface Guest {
  readonly place: Place;
  /** Requests that are being answered. */
  requests: number;
}

export class Lobby {
  private readonly places: ConnectionPlaces;
  private readonly guests = new Map<string, Guest>();

  constructor(private readonly parts: LobbyParts) {
    const { httpConnections, socketsPerAddress } = parts.limits;
    this.places = new ConnectionPlaces({ most: httpConnections, mostPerAddress: socketsPerAddress });
  }

  /** Counts the connections of a server, and what they are doing. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.enter(socket));
    server.on('request', ({ socket }, response) => {
      const guest = this.guests.get(keyOf(socket));
      if (!guest) return;
      guest.requests++;
      this.places.settle(guest.place, 'busy');
      response.once('close', () => {
        guest.requests--;
        if (guest.requests === 0) this.places.settle(guest.place, 'idle');
      });
    });
  }

  /** A connection asks for an upgrade. */
  hold(socket: Socket): void {
    const guest = this.guests.get(keyOf(socket));
    if (guest) this.places.settle(guest.place, 'busy');
  }

  /** A connection has become a WebSocket, and is counted with those. */
  leave(socket: Socket): void {
    const guest = this.guests.get(keyOf(socket));
    if (guest) this.places.leave(guest.place);
  }

  private enter(socket: Socket): void {
    const { remoteAddress = '' } = socket;
    const address = this.parts.isShared(remoteAddress) ? null : remoteAddress;
    if (this.places.full(address) !== null) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    const guest = { place: this.places.enter(address, socket), requests: 0 };
    this.guests.set(key, guest);
    socket.once('close', () => {
      if (this.guests.get(key) === guest) this.guests.delete(key);
    });
  }
}

/** What a connection and the TLS on it have in common. */
const keyOf = ({ remoteAddress, remotePort, localPort }: Socket) =>
  `${remoteAddress} ${remotePort} ${localPort}`;

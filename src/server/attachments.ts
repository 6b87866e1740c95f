/** The HTTP servers of other programs that a server shares. */
import type { IncomingMessage, Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { STREAM_PATH } from '../protocol/messages.js';
import { type Origins, parseOrigin } from './auth/origins.js';
import { answer } from './http/raw-answer.js';

export interface AttachOptions {
  /** Web pages that may connect besides those of the server's own host, as a browser sends its origin. */
  readonly origins?: readonly string[];
}

export interface AttachmentParts {
  /** Gives the names and pages that are let in at an address. */
  readonly originsAt: (host: string, port: number, more: readonly string[], isTls: boolean) => Origins;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, origins: Origins) => void;
}

export class Attachments {
  /** What is let in at each server, from its first request on. */
  private readonly origins = new Map<unknown, () => Origins>();
  private readonly endings: (() => void)[] = [];

  constructor(private readonly parts: AttachmentParts) {}

  /** Takes upgrades to /stream. @throws EddyError `setting-invalid` */
  add(server: Server | TlsServer, { origins: more = [] }: AttachOptions): void {
    const { originsAt, upgrade } = this.parts;
    for (const origin of more) parseOrigin(origin);
    let known: Origins | null = null;
    const origins = () => {
      const at = server.address();
      const { address, port } = typeof at === 'object' && at ? at : { address: 'localhost', port: 0 };
      known ??= originsAt(address, port, more, server instanceof TlsServer);
      return known;
    };
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const [path] = (request.url ?? '').split('?', 1);
      if (path === STREAM_PATH) upgrade(request, socket, head, origins());
      else if (server.listenerCount('upgrade') === 1) refuseOther(socket);
    };
    this.origins.set(server, origins);
    server.on('upgrade', onUpgrade);
    this.endings.push(() => server.off('upgrade', onUpgrade));
  }

  /** Gives what is let in at the attached server that received a request; null for any other server. */
  originsOf({ socket }: IncomingMessage): Origins | null {
    const { server } = socket as { readonly server?: unknown };
    return this.origins.get(server)?.() ?? null;
  }

  end(): void {
    for (const end of this.endings.splice(0)) end();
  }
}

/** Nobody else upgrades: Node would leave the socket open, and its errors unheard. */
function refuseOther(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  answer(socket, { status: 404, reason: `nothing to upgrade to; the stream is at ${STREAM_PATH}` });
}

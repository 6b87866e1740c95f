/** Exports and imports whole sequences over HTTP, for their admins. */
import type { IncomingMessage } from 'node:http';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError, type ErrorCode } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Directory } from '../../sequence/directory.js';
import { type Authenticator, bearerOf } from '../auth/authenticator.js';
import { type Audit, whoOf } from '../telemetry/audit.js';
import { type Exchange, type Handler, type HttpServer, send, sendJson } from './http.js';
import type { Peers } from './peers.js';
import { bodyOf } from './request-body.js';

export interface TransferParts {
  readonly directory: Directory;
  readonly authenticator: Authenticator;
  readonly peers: Peers;
  readonly audit: Audit;
  readonly limits: Pick<Limits, 'importBytes'>;
  readonly clock: Pick<Clock, 'wall'>;
  /** Reports a fault inside Eddy. */
  readonly onFault: (error: unknown) => void;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  'token-expired': 401,
  'permission-denied': 403,
  'sequence-unknown': 404,
  'sequence-exists': 409,
  'message-too-large': 413,
  'attempts-limit': 429,
  'sequence-limit': 503,
  'store-unavailable': 503,
  'store-damaged': 500,
  'sequence-failed': 500,
  'authorize-failed': 503,
};

export function addTransfer(http: HttpServer, parts: TransferParts): void {
  const { directory, authenticator, peers, audit, limits, clock, onFault } = parts;
  const check = async ({ request, name }: Exchange) => {
    const { address } = peers.peerOf(request);
    const access = await authenticator.admit(bearerOf(request.headers.authorization), address, request);
    access.require('admin', name, () => clock.wall());
    return (what: 'import' | 'export', bytes: number) =>
      audit({ what, who: whoOf(access, address), address, sequence: name, after: { bytes } });
  };
  /** Answers with the error of a handler. */
  const coded =
    (handle: (exchange: Exchange) => Promise<void>): Handler =>
    async (exchange) => {
      try {
        await handle(exchange);
      } catch (error) {
        const { response } = exchange;
        if (error instanceof EddyError) {
          const { code, message, temporary } = error;
          return sendJson(response, STATUS[code] ?? 400, { code, message, temporary });
        }
        onFault(error);
        sendJson(response, 500, { code: 'internal', message: 'a fault inside Eddy', temporary: false });
      }
    };
  http.on(
    'GET',
    '/sequences/:name/export',
    coded(async (exchange) => {
      const told = await check(exchange);
      const { response, name } = exchange;
      const file = name.replaceAll(/[^\w.-]/g, '_');
      const exported = await firstValueFrom(directory.export(name));
      told('export', exported.length);
      send(response, 200, 'application/octet-stream', exported, {
        'content-disposition': `attachment; filename="${file}.safetensors"`,
      });
    }),
  );
  http.on(
    'PUT',
    '/sequences/:name',
    coded(async (exchange) => {
      const told = await check(exchange);
      const { request, response, name } = exchange;
      const file = await fileOf(request, limits.importBytes);
      await lastValueFrom(directory.import(name, file), { defaultValue: undefined });
      told('import', file.length);
      sendJson(response, 201, { sequence: name });
    }),
  );
}

/** Reads the file that is the body of a request. @throws EddyError `message-too-large`, `snapshot-invalid` */
async function fileOf(request: IncomingMessage, most: number): Promise<Uint8Array> {
  if (!/^application\/octet-stream\b/i.test(request.headers['content-type'] ?? ''))
    throw new EddyError('snapshot-invalid', 'the body must be the file, as application/octet-stream');
  return bodyOf(request, most);
}

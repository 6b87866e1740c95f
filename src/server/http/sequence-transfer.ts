/** Exports and imports whole sequences over HTTP, for their admins. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError, type ErrorCode } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Directory } from '../../sequence/directory.js';
import { type Authenticator, bearerOf } from '../auth/authenticator.js';

export interface TransferParts {
  readonly directory: Directory;
  readonly authenticator: Authenticator;
  readonly limits: Pick<Limits, 'importBytes'>;
  readonly clock: Pick<Clock, 'wall'>;
  /** Reports a fault inside Eddy. */
  readonly onFault: (error: unknown) => void;
}

type OfSequence = { Params: { name: string } };

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
};

export function addTransfer(app: FastifyInstance, parts: TransferParts): void {
  const { directory, authenticator, limits, clock, onFault } = parts;
  const check = async (request: FastifyRequest<OfSequence>) => {
    const access = await authenticator.admit(
      bearerOf(request.headers.authorization),
      request.ip,
      request.raw,
    );
    const { name } = request.params;
    access.require('admin', name, () => clock.wall());
    return name;
  };
  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer', bodyLimit: limits.importBytes },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler((cause: Error & { statusCode?: number }, _request, reply) => {
      const error = codedError(cause, limits.importBytes);
      if (!error) {
        onFault(cause);
        return reply.code(500).send({ code: 'internal', message: 'a fault inside Eddy', temporary: false });
      }
      const { code, message, temporary } = error;
      return reply.code(STATUS[code] ?? 400).send({ code, message, temporary });
    });
    scope.get<OfSequence>('/sequences/:name/export', async (request, reply) => {
      const name = await check(request);
      const file = name.replaceAll(/[^\w.-]/g, '_');
      reply.type('application/octet-stream');
      reply.header('content-disposition', `attachment; filename="${file}.safetensors"`);
      return Buffer.from(await firstValueFrom(directory.export(name)));
    });
    scope.put<OfSequence>('/sequences/:name', async (request, reply) => {
      const name = await check(request);
      if (!(request.body instanceof Uint8Array))
        throw new EddyError('snapshot-invalid', 'the body must be the file, as application/octet-stream');
      await lastValueFrom(directory.import(name, request.body), { defaultValue: undefined });
      return reply.code(201).send({ sequence: name });
    });
  });
}

function codedError(cause: Error & { statusCode?: number }, bytes: number): EddyError | null {
  if (cause instanceof EddyError) return cause;
  if (cause.statusCode === 413)
    return new EddyError('message-too-large', `the file has more than ${bytes} bytes`);
  if (cause.statusCode === 415)
    return new EddyError('snapshot-invalid', 'the body must be application/octet-stream');
  return null;
}

/** Exports and imports whole sequences over HTTP, for their admins. */
import type { IncomingMessage } from 'node:http';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { EddyError } from '../../../errors.js';
import type { Limits } from '../../../limits.js';
import type { Directory } from '../../../sequence/directory.js';
import { type Audit, whoOf } from '../../telemetry/audit.js';
import { type Exchange, send, sendJson } from '../http.js';
import { bodyOf } from '../request-body.js';
import type { Door, Guest } from './door.js';

export interface TransferParts {
  readonly door: Door;
  readonly directory: Directory;
  readonly audit: Audit;
  readonly limits: Pick<Limits, 'importBytes'>;
}

export async function exportSequence(
  { request, response, name }: Exchange,
  parts: TransferParts,
): Promise<void> {
  const guest = await parts.door.admit(request, 'admin', name);
  const exported = await firstValueFrom(parts.directory.export(name));
  tell(parts.audit, guest, 'export', name, exported.length);
  const file = name.replaceAll(/[^\w.-]/g, '_');
  send(response, 200, 'application/octet-stream', exported, {
    'content-disposition': `attachment; filename="${file}.safetensors"`,
  });
}

export async function importSequence(
  { request, response, name }: Exchange,
  parts: TransferParts,
): Promise<void> {
  const guest = await parts.door.admit(request, 'admin', name);
  const file = await fileOf(request, parts.limits.importBytes);
  await lastValueFrom(parts.directory.import(name, file), { defaultValue: undefined });
  tell(parts.audit, guest, 'import', name, file.length);
  sendJson(response, 201, { sequence: name });
}

function tell(
  audit: Audit,
  { access, address }: Guest,
  what: 'import' | 'export',
  sequence: string,
  bytes: number,
): void {
  audit({ what, who: whoOf(access, address), address, sequence, after: { bytes } });
}

/** Reads the file that is the body of a request. @throws EddyError `message-too-large`, `snapshot-invalid` */
async function fileOf(request: IncomingMessage, most: number): Promise<Uint8Array> {
  if (!/^application\/octet-stream\b/i.test(request.headers['content-type'] ?? ''))
    throw new EddyError('snapshot-invalid', 'the body must be the file, as application/octet-stream');
  return bodyOf(request, most);
}

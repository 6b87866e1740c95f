/** Prometheus' remote write: a Prometheus passes on what it scrapes. */
import type { IncomingMessage } from 'node:http';
import { EddyError } from '../../../errors.js';
import type { SchemaInput } from '../../../fields/sequence-schema.js';
import { unpackSnappy } from '../../../formats/snappy.js';
import type { Limits } from '../../../limits.js';
import { inTurns, type Turns } from '../../../sources/in-turns.js';
import type { Ingest } from '../../../sources/ingest.js';
import { type ReadWrite, readWriteRequest } from '../../../sources/prometheus/read-write-request.js';
import { type Exchange, type HttpServer, send } from '../http.js';
import { bodyOf } from '../request-body.js';
import type { Door } from './door.js';
import { takeMany } from './take-many.js';

export interface PrometheusParts {
  readonly door: Door;
  readonly ingest: Ingest;
  readonly limits: Pick<Limits, 'bodyBytes'>;
  readonly turns: Turns;
  /** How sequences are named, and what new ones are asked to be. */
  readonly prometheus: { readonly name: string } & SchemaInput;
}

/** The most bytes of a request, unpacked: it is unpacked in one piece. */
const MOST_BYTES = 4 * 2 ** 20;

export function addPrometheus(http: HttpServer, parts: PrometheusParts): void {
  http.on(
    'POST',
    '/api/v1/write',
    parts.door.coded((exchange) => takeSamples(exchange, parts)),
  );
}

async function takeSamples({ request, response }: Exchange, parts: PrometheusParts): Promise<void> {
  const { door, limits, ingest, turns, prometheus } = parts;
  const guest = await door.admit(request, 'produce', null);
  checkForm(request);
  const most = Math.min(limits.bodyBytes, MOST_BYTES);
  const body = unpackSnappy(await bodyOf(request, most), most);
  const { name: template, ...asked } = prometheus;
  const { readings, samples, faults } = await readInTurns(readWriteRequest(body, template), turns, request);
  door.countRows(guest.address, samples);
  const using = { door, ingest, guest, asked, owner: request, agent: 'prometheus' };
  const taken = await takeMany(readings, using);
  if (taken.temporary) throw taken.temporary;
  const all = [...faults, ...taken.faults.map(({ message }) => message)];
  if (all.length === 0) return void response.writeHead(204).end();
  // Prometheus does not send it again, and logs why
  const text = `${all[0]} (${taken.refused + faults.length} readings or series were refused, the others were taken)\n`;
  send(response, 400, 'text/plain; charset=utf-8', text);
}

/** Reads a request in turn with all other work. */
async function readInTurns(
  reading: ReturnType<typeof readWriteRequest>,
  turns: Turns,
  owner: object,
): Promise<ReadWrite> {
  let read: ReadWrite | null = null;
  await inTurns(turns, owner, () => {
    const { done, value } = reading.next();
    if (!done) return value;
    read = value;
    return null;
  });
  return read!;
}

/** @throws EddyError `input-invalid` */
function checkForm({ headers }: IncomingMessage): void {
  const [type = '', version = '0.1.0'] = [
    headers['content-type'],
    headers['x-prometheus-remote-write-version'] as string,
  ];
  if (!/^application\/x-protobuf(;|$)/.test(type) || /proto=io\.prometheus\.write\.v2/.test(type))
    throw new EddyError(
      'input-invalid',
      `the body is ${type || 'of no type'}; remote write 1.0 is application/x-protobuf`,
    );
  if (headers['content-encoding'] !== 'snappy' || !/^0\.1\./.test(version))
    throw new EddyError('input-invalid', 'remote write 1.0 is read, packed with snappy');
}

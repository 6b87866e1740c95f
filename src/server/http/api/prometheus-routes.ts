/** Prometheus' remote write: a Prometheus passes on what it scrapes. */
import type { IncomingMessage } from 'node:http';
import { EddyError } from '../../../errors.js';
import type { SchemaInput } from '../../../fields/sequence-schema.js';
import { unpackSnappy } from '../../../formats/snappy.js';
import type { Limits } from '../../../limits.js';
import type { Turns } from '../../../sources/in-turns.js';
import type { Ingest } from '../../../sources/ingest.js';
import { readWriteRequest } from '../../../sources/prometheus/read-write-request.js';
import { type Exchange, type HttpServer, send } from '../http.js';
import { bodyOf } from '../request-body.js';
import type { Door } from './door.js';
import { readInTurns } from './read-in-turns.js';
import { takeMany } from './take-many.js';

export interface PrometheusParts {
  readonly door: Door;
  readonly ingest: Ingest;
  readonly limits: Pick<Limits, 'bodyBytes'>;
  readonly turns: Turns;
  /** How sequences are named, and what new ones are asked to be. */
  readonly prometheus: { readonly name: string } & SchemaInput;
}

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
  const { name: template, ...asked } = prometheus;
  const held = door.hold(response);
  const packed = await bodyOf(request, limits.bodyBytes, (bytes) => held.take(bytes));
  const { readings, samples, faults } = await readInTurns(
    { turns, owner: request, response, held },
    function* (onKept) {
      const body = yield* unpackSnappy(packed, limits.bodyBytes, onKept);
      return yield* readWriteRequest(body, template, onKept);
    },
  );
  door.countRows(guest.address, samples);
  const using = { door, ingest, guest, asked, owner: request, turns, agent: 'prometheus' };
  const taken = await takeMany(readings, using);
  if (taken.temporary) throw taken.temporary;
  const all = [...faults, ...taken.faults.map(({ message }) => message)];
  if (all.length === 0) return void response.writeHead(204).end();
  // Prometheus does not send it again, and logs why
  const text = `${all[0]} (${taken.refused + faults.length} readings or series were refused, the others were taken)\n`;
  send(response, 400, 'text/plain; charset=utf-8', text);
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

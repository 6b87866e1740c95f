/** InfluxDB's ways to write, versions 1 and 2, for whoever has an agent that speaks them: Telegraf, Home Assistant, a script. */
import { EddyError } from '../../../errors.js';
import type { SchemaInput } from '../../../fields/sequence-schema.js';
import type { Turns } from '../../../sources/in-turns.js';
import { LineReader, PRECISIONS, type Precision } from '../../../sources/influx/read-lines.js';
import type { Ingest } from '../../../sources/ingest.js';
import { VERSION } from '../../../version.js';
import { type Exchange, type HttpServer, sendJson } from '../http.js';
import { type Door, retryOf, statusOf, tokenOf } from './door.js';
import { readInTurns } from './read-in-turns.js';
import { takeMany } from './take-many.js';

export interface InfluxParts {
  readonly door: Door;
  readonly ingest: Ingest;
  readonly turns: Turns;
  /** How sequences are named, and what new ones are asked to be. */
  readonly influx: { readonly name: string } & SchemaInput;
}

/** What version 1 calls precisions. */
const OLD: Readonly<Record<string, Precision>> = {
  n: 'ns',
  ns: 'ns',
  u: 'us',
  us: 'us',
  ms: 'ms',
  s: 's',
  m: 'm',
  h: 'h',
};

export function addInflux(http: HttpServer, parts: InfluxParts): void {
  const reader = new LineReader(parts.influx.name);
  const write = (exchange: Exchange) => takeLines(exchange, reader, parts);
  for (const path of ['/write', '/api/v2/write'])
    http.on('POST', path, async (exchange) => {
      try {
        await write(exchange);
      } catch (error) {
        refuse(exchange, parts.door, error);
      }
    });
  const told = { 'x-influxdb-version': `eddy-${VERSION}`, 'x-influxdb-build': 'eddy' };
  for (const method of ['GET', 'POST'] as const)
    http.on(method, '/ping', ({ response }) => void response.writeHead(204, told).end());
  http.on('GET', '/health', ({ response }) =>
    sendJson(response, 200, { name: 'eddy', status: 'pass', version: VERSION }),
  );
}

interface Line {
  readonly line: number;
  readonly column?: number;
  readonly message: string;
}

async function takeLines(
  { request, response, query }: Exchange,
  reader: LineReader,
  parts: InfluxParts,
): Promise<void> {
  const { door, ingest, influx, turns } = parts;
  const precision = precisionOf(query.get('precision'));
  const token = request.headers.authorization === undefined ? query.get('p') : null;
  const guest = await door.admit(request, 'produce', null, token ?? tokenOf(request));
  const body = await door.bodyOf({ request, response });
  const reading = { turns, owner: request, response, held: door.hold(response) };
  const read = await readInTurns(reading, (onKept) => reader.read(body, precision, onKept));
  door.countRows(guest.address, read.lines);
  const { name: _, ...asked } = influx;
  const taken = await takeMany(read.readings, {
    door,
    ingest,
    guest,
    asked,
    owner: request,
    turns,
    agent: 'influx',
  });
  if (taken.temporary) throw taken.temporary;
  const refused = read.refused + taken.refused;
  if (refused === 0) return void response.writeHead(204).end();
  const faults: Line[] = [
    ...read.faults,
    ...taken.faults.map(({ reading, message }) => ({ line: reading.line, message })),
  ];
  faults.sort((a, b) => a.line - b.line);
  const [first = { line: 0, message: '' }] = faults;
  const where =
    first.column === undefined ? `line ${first.line}` : `line ${first.line}, column ${first.column}`;
  const message = `${where}: ${first.message} (${refused} of ${read.lines} lines were refused, the others were taken)`;
  sendJson(response, 400, {
    code: 'invalid',
    message,
    error: message,
    line: first.line,
    errors: faults.slice(0, 100),
  });
}

/** @throws EddyError `input-invalid` */
function precisionOf(text: string | null): Precision {
  if (text === null || text === '') return 'ns';
  const precision = Object.hasOwn(OLD, text) ? OLD[text] : undefined;
  if (precision) return precision;
  throw new EddyError(
    'input-invalid',
    `precision is ${JSON.stringify(text)}; it must be one of ${Object.keys(PRECISIONS).join(', ')}`,
  );
}

/** Tells an error as InfluxDB does. */
function refuse({ response }: Exchange, door: Door, cause: unknown): void {
  if (!(cause instanceof EddyError) || response.headersSent) return door.tell(response, cause);
  const status = statusOf(cause);
  const code =
    status === 401
      ? 'unauthorized'
      : status === 403
        ? 'forbidden'
        : status === 413
          ? 'request too large'
          : status >= 429
            ? 'unavailable'
            : 'invalid';
  sendJson(response, status, { code, message: cause.message, error: cause.message }, retryOf(status, cause));
}

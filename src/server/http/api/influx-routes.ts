/** InfluxDB's ways to write, versions 1 and 2, for whoever has an agent that speaks them: Telegraf, Home Assistant, a script. */
import { EddyError } from '../../../errors.js';
import type { SchemaInput } from '../../../fields/sequence-schema.js';
import {
  LineReader,
  type LineReading,
  PRECISIONS,
  type Precision,
} from '../../../sources/influx/read-lines.js';
import type { Ingest, Taken } from '../../../sources/ingest.js';
import type { Row } from '../../../sources/rows/row.js';
import { VERSION } from '../../../version.js';
import { type Exchange, type HttpServer, sendJson } from '../http.js';
import { type Door, type Guest, retryOf, statusOf } from './door.js';

export interface InfluxParts {
  readonly door: Door;
  readonly ingest: Ingest;
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
/** Sequences that are written to at once. */
const AT_ONCE = 16;

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
  const { door } = parts;
  const precision = precisionOf(query.get('precision'));
  const guest = await door.admit(request, 'produce', null);
  const body = await door.bodyOf({ request, response });
  const read = reader.read(body, precision);
  door.countRows(guest.address, read.lines);
  const faults: Line[] = [...read.faults];
  let { refused } = read;
  let temporary: EddyError | null = null;
  const waiting = [...read.readings];
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [name, readings] = next;
      const taken = await takeSequence(name, readings, guest, parts, request);
      refused += 'error' in taken ? readings.length : taken.refused;
      faults.push(...faultsOf(name, readings, taken));
      const stopped = 'error' in taken ? taken.error : taken.stopped?.error;
      if (stopped?.temporary) temporary ??= stopped;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, work));
  if (temporary) throw temporary;
  if (refused === 0) return void response.writeHead(204).end();
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

/** Takes the readings of one sequence. */
async function takeSequence(
  name: string,
  readings: readonly LineReading[],
  { access }: Guest,
  { ingest, influx, door }: InfluxParts,
  owner: object,
): Promise<Taken | { readonly error: EddyError }> {
  try {
    access.require('produce', name, door.wall);
    const { name: _, ...asked } = influx;
    // lines of one sequence may tell of different fields
    const first = () => ({
      values: Object.assign({}, ...readings.map(({ values }) => values)) as LineReading['values'],
    });
    const { handle } = await ingest.open(name, asked, first, owner);
    try {
      return await ingest.take(handle, rowsOf(readings), { owner });
    } finally {
      handle.release();
    }
  } catch (error) {
    if (error instanceof EddyError) return { error };
    throw error;
  }
}

/** Agents send a batch again whose answer they missed: the same time is the same reading. */
function* rowsOf(readings: readonly LineReading[]): Generator<{ readonly row: Row }> {
  for (const { t, values } of readings)
    yield { row: Number.isNaN(t) ? { values } : { values, t, key: `influx:${t}` } };
}

function faultsOf(
  name: string,
  readings: readonly LineReading[],
  taken: Taken | { readonly error: EddyError },
): Line[] {
  if ('error' in taken) return [{ line: readings[0]!.line, message: `${name}: ${taken.error.message}` }];
  return taken.faults.map(({ row, error }) => ({
    line: readings[row]!.line,
    message: `${name}: ${error.message}`,
  }));
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

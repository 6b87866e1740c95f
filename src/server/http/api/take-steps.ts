/** `POST /sequences/NAME/steps`: rows by name, into a sequence that is there or is made of them. */

import type { IncomingMessage } from 'node:http';
import { EddyError } from '../../../errors.js';
import type { SchemaInput } from '../../../fields/sequence-schema.js';
import { MAX_KEY } from '../../../protocol/messages.js';
import type { SequenceHandle } from '../../../sequence/handle.js';
import type { Turns } from '../../../sources/in-turns.js';
import type { Ingest, RowFault, Taken } from '../../../sources/ingest.js';
import { Ahead } from '../../../sources/rows/ahead.js';
import { formOf, readRows } from '../../../sources/rows/read-rows.js';
import { type Audit, whoOf } from '../../telemetry/audit.js';
import { type Exchange, sendJson } from '../http.js';
import { type Door, retryOf, statusOf, toldOf } from './door.js';

export interface StepsParts {
  readonly door: Door;
  readonly ingest: Ingest;
  readonly turns: Turns;
  readonly audit: Audit;
}

/** Room of a key for the number of its row. */
const MAX_REQUEST_KEY = MAX_KEY - 12;

export async function takeSteps(exchange: Exchange, parts: StepsParts): Promise<void> {
  const { request, response, name, query } = exchange;
  const { door, ingest, turns, audit } = parts;
  const { access, address } = await door.admit(request, 'produce', name);
  door.countRows(address, 0);
  const form = formOf(request.headers['content-type']);
  const keys = keyOf(request);
  const asked = askedOf(query);
  const body = await door.bodyOf(exchange);
  let handle: SequenceHandle | null = null;
  const isField = (field: string) => handle?.schema.fields.some((one) => one.name === field) ?? false;
  const rows = new Ahead(readRows(body, form, isField));
  const opened = await ingest.open(name, asked, () => rows.first(turns, request), request);
  handle = opened.handle;
  const { created } = opened;
  if (created) {
    const { features, units, cell } = handle.spec;
    audit({
      what: 'open',
      who: whoOf(access, address),
      address,
      sequence: name,
      after: { epoch: handle.epoch, cell, features, units },
    });
  }
  // what was read to make it was read without knowing its fields
  const all = created ? rows : readRows(body, form, isField);
  try {
    const onRows = (count: number) => door.spendRows(address, count);
    const taken = await ingest.take(handle, all, { owner: request, keys, onRows });
    if (taken.rows === 0) throw new EddyError('input-invalid', 'the body has no rows');
    const status = statusFor(taken);
    sendJson(response, status, { ...toldTaken(name, handle.epoch, created, taken) }, retryOf(status));
  } finally {
    handle.release();
  }
}

function toldTaken(sequence: string, epoch: string, created: boolean, taken: Taken) {
  const { rows, accepted, first, last, refused, waiting, faults, stopped } = taken;
  const fault = ({ row, error }: RowFault) => ({ row, ...toldOf(error) });
  return {
    sequence,
    epoch,
    created,
    rows,
    accepted,
    first,
    last,
    durable: waiting === 0,
    refused,
    ...(waiting > 0 && { waiting }),
    ...(refused > 0 && { errors: faults.map(fault) }),
    ...(stopped && { stopped: fault(stopped) }),
  };
}

/** 200 where all rows were taken, 207 where some were, else what the first error says. */
function statusFor({ accepted, refused, waiting, faults, stopped }: Taken): number {
  if (refused === 0) return 200;
  if (accepted + waiting > 0) return 207;
  return statusOf((stopped ?? faults[0]!).error);
}

/** What a new sequence is asked to be: `?spec={"units":64}&fields=temperature,humidity`. @throws EddyError `message-invalid` */
function askedOf(query: URLSearchParams): SchemaInput {
  const [spec, fields] = [query.get('spec'), query.get('fields')];
  const asked: { spec?: object; fields?: string[] } = {};
  if (spec !== null) {
    try {
      asked.spec = JSON.parse(spec) as object;
    } catch (error) {
      throw new EddyError('message-invalid', `spec is not JSON: ${(error as Error).message}`);
    }
  }
  if (fields !== null) asked.fields = fields.split(',').map((one) => one.trim());
  return asked as SchemaInput;
}

/** @throws EddyError `message-invalid` */
function keyOf({ headers }: IncomingMessage): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_REQUEST_KEY) return key;
  throw new EddyError('message-invalid', `Idempotency-Key is text of 1 to ${MAX_REQUEST_KEY} characters`);
}

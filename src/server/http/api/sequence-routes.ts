/** Sequences over HTTP: which there are, how one does, and what can be done to it. */
import { EMPTY, firstValueFrom, lastValueFrom, type Observable } from 'rxjs';
import type { z } from 'zod';
import { EddyError } from '../../../errors.js';
import type { Directory, Listed } from '../../../sequence/directory.js';
import type { SequenceHandle } from '../../../sequence/handle.js';
import { type Audit, whoOf } from '../../telemetry/audit.js';
import { type Exchange, sendJson } from '../http.js';
import { bodyOf } from '../request-body.js';
import type { Door, Guest } from './door.js';
import { resetSchema, settingsSchema } from './schemas.js';
import { timeText } from './view-table.js';

export interface SequencesParts {
  readonly door: Door;
  readonly directory: Directory;
  readonly audit: Audit;
}

/** Sequences in one answer, unless it is asked otherwise, and at most. */
const [LISTED, MOST_LISTED] = [100, 1000];
/** Bytes of a body that says what to do. */
const MOST_SAID = 4096;

export async function listSequences(
  { request, response, query }: Exchange,
  parts: SequencesParts,
): Promise<void> {
  const { access } = await parts.door.admit(request, 'subscribe', null);
  const limit = wholeNumber(query, 'limit', LISTED, MOST_LISTED);
  const covers = access.coversAll ? null : (name: string) => access.covers(name);
  const after = query.get('after') ?? '';
  const list = await firstValueFrom(parts.directory.list({ after, limit, covers, asker: request }));
  const { total, more, sequences } = list;
  sendJson(response, 200, { total, more, sequences: sequences.map(told) });
}

export async function showSequence(
  { request, response, name }: Exchange,
  parts: SequencesParts,
): Promise<void> {
  await parts.door.admit(request, 'subscribe', name);
  const list = await firstValueFrom(
    parts.directory.list({ after: '', limit: 1, covers: null, only: name, asker: request }),
  );
  const [found] = list.sequences;
  if (!found) throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
  sendJson(response, 200, told(found));
}

/** What is told of a sequence: its names, its last step by name and with its time, how well it forecasts. */
function told({ sequence, schema, t, x, age, ...listed }: Listed) {
  const fields = schema?.fields ?? [];
  const last = x && {
    seq: listed.seq,
    time: timeText(t ?? Number.NaN),
    ageMs: age ?? null,
    values: Object.fromEntries(x.map((value, i) => [fields[i % fields.length]?.name ?? `x${i}`, value])),
  };
  return {
    sequence,
    ...listed,
    fields,
    ...(schema?.targets && schema.targets.length > 0 && { targets: schema.targets }),
    ...(last && { last }),
  };
}

export async function configureSequence(exchange: Exchange, parts: SequencesParts): Promise<void> {
  const settings = await said(exchange, settingsSchema);
  await change(exchange, parts, 'configure', { ...settings }, (handle) =>
    handle.configure({ learning: settings.learning, learningRate: settings.learningRate }),
  );
}

export async function resetSequence(exchange: Exchange, parts: SequencesParts): Promise<void> {
  const { what } = await said(exchange, resetSchema);
  await change(exchange, parts, 'reset', { reset: what }, (handle) => handle.reset(what));
}

export const checkpointSequence = (exchange: Exchange, parts: SequencesParts): Promise<void> =>
  change(exchange, parts, 'checkpoint', {}, (handle) => handle.checkpoint());

export const flushSequence = (exchange: Exchange, parts: SequencesParts): Promise<void> =>
  change(exchange, parts, null, {}, (handle) => handle.flush());

export async function removeSequence(
  { request, response, name }: Exchange,
  parts: SequencesParts,
): Promise<void> {
  const guest = await parts.door.admit(request, 'admin', name);
  await lastValueFrom(parts.directory.remove(name, request), { defaultValue: undefined });
  tell(parts.audit, guest, 'remove', name);
  sendJson(response, 200, { sequence: name });
}

/** Does something with a sequence, and answers when that is durable. */
async function change(
  { request, response, name }: Exchange,
  { door, directory, audit }: SequencesParts,
  what: 'configure' | 'reset' | 'checkpoint' | null,
  after: Record<string, unknown>,
  act: (handle: SequenceHandle) => Observable<unknown>,
): Promise<void> {
  const guest = await door.admit(request, what === null ? 'produce' : 'admin', name);
  const handle = await firstValueFrom(directory.get(name, request));
  const before = { learning: handle.learning, learningRate: handle.learningRate, epoch: handle.epoch };
  await lastValueFrom(act(handle) ?? EMPTY, { defaultValue: undefined });
  if (what !== null) tell(audit, guest, what, name, before, after);
  const { epoch, seq, durable, learning, learningRate } = handle;
  sendJson(response, 200, { sequence: name, epoch, seq, durable, learning, learningRate });
}

function tell(
  audit: Audit,
  { access, address }: Guest,
  what: 'configure' | 'reset' | 'checkpoint' | 'remove',
  sequence: string,
  before?: Record<string, unknown>,
  after?: Record<string, unknown>,
): void {
  audit({
    what,
    who: whoOf(access, address),
    address,
    sequence,
    ...(before && { before }),
    ...(after && { after }),
  });
}

/** Reads what the body says to do. @throws EddyError `message-invalid` */
async function said<T>({ request }: Exchange, schema: z.ZodType<T>): Promise<T> {
  const body = await bodyOf(request, MOST_SAID);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new EddyError('message-invalid', `the body is not JSON: ${(error as Error).message}`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new EddyError('message-invalid', `${issue?.path.join('.') || 'the body'}: ${issue?.message}`);
}

/** @throws EddyError `message-invalid` */
export function wholeNumber(query: URLSearchParams, name: string, usual: number, most: number): number {
  const text = query.get(name);
  if (text === null) return usual;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new EddyError(
    'message-invalid',
    `${name} is ${JSON.stringify(text)}; it must be a whole number from 1 to ${most}`,
  );
}

/** The rows in the body of a request: JSON, NDJSON or CSV. */
import { EddyError } from '../../errors.js';
import { type Line, LineSplitter } from '../../reading/text/line-splitter.js';
import { csvRows } from './csv-rows.js';
import { rowOfJson, shownValue } from './json-row.js';
import { NOTHING, type Piece } from './row.js';

export type RowForm = 'json' | 'ndjson' | 'csv';

const FORMS: Readonly<Record<string, RowForm>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'text/csv': 'csv',
  // what curl and fetch say of text that nobody has said more of
  'application/x-www-form-urlencoded': 'ndjson',
  'text/plain': 'ndjson',
};

/** Bytes that are decoded at once. */
const CHUNK = 64 * 1024;
/** Blank lines that are passed over at once. */
const MOST_BLANK = 512;
/** The largest JSON that is parsed in one piece; longer bodies have one row a line. */
export const MOST_JSON = 2 ** 20;

/** Tells the form of a body by its media type; JSON where nothing is said. @throws EddyError `input-invalid` */
export function formOf(type: string | undefined): RowForm {
  const media = type?.split(';', 1)[0]?.trim().toLowerCase() ?? 'application/json';
  const form = FORMS[media];
  if (form) return form;
  throw new EddyError(
    'input-invalid',
    `the body is ${media}; rows come as application/json, application/x-ndjson or text/csv`,
  );
}

/**
 * Reads rows one after the other, no further than they are asked for. One that is no row does not harm the others. Long stretches
 * without rows come in pieces too.
 *
 * @param isField is it the name of a field of the sequence?
 * @throws EddyError `input-invalid` where the whole cannot be read
 */
export function readRows(
  body: Uint8Array,
  form: RowForm,
  isField: (name: string) => boolean,
): Iterable<Piece> {
  if (form === 'csv') return csvRows(linesOf(body, ',;\t|'));
  return form === 'ndjson' ? ndjsonRows(body, isField) : jsonRows(body, isField);
}

function* jsonRows(body: Uint8Array, isField: (name: string) => boolean): Generator<Piece> {
  if (body.length > MOST_JSON)
    throw new EddyError(
      'message-too-large',
      `JSON of ${body.length} bytes; the limit is ${MOST_JSON}, but for one object a line, as application/x-ndjson`,
    );
  const value = parsed(new TextDecoder().decode(body));
  if (value instanceof EddyError) throw value;
  for (const one of Array.isArray(value) ? value : [value]) yield rowOfJson(one, isField);
}

function* ndjsonRows(body: Uint8Array, isField: (name: string) => boolean): Generator<Piece> {
  for (const line of linesOf(body, null)) {
    if (line === null) {
      yield NOTHING;
      continue;
    }
    const { text } = line;
    const value = parsed(text);
    if (value instanceof EddyError) yield { fault: value };
    else if (Array.isArray(value)) for (const one of value) yield rowOfJson(one, isField);
    else yield rowOfJson(value, isField);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new EddyError(
      'input-invalid',
      `this is not JSON: ${shownValue(text)}: ${(error as Error).message}`,
    );
  }
}

/** Decodes a body and gives its lines that are not blank, a chunk at a time; null after some blank ones. */
function* linesOf(body: Uint8Array, delimiters: string | null): Generator<Line | null> {
  let blank = 0;
  for (const line of allLinesOf(body, delimiters)) {
    if (line.text.trim() !== '') yield line;
    else if (++blank % MOST_BLANK === 0) yield null;
  }
}

function* allLinesOf(body: Uint8Array, delimiters: string | null): Generator<Line> {
  const decoder = new TextDecoder();
  const lines = new LineSplitter();
  lines.delimiters = delimiters;
  for (let at = 0; at < body.length; at += CHUNK) {
    lines.push(decoder.decode(body.subarray(at, at + CHUNK), { stream: true }));
    for (let line = lines.next(); line; line = lines.next()) yield line;
  }
  lines.push(decoder.decode());
  lines.end();
  for (let line = lines.next(); line; line = lines.next()) yield line;
}

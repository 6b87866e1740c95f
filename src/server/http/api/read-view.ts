/** `GET /sequences/NAME/VIEW`: what was, as JSON, NDJSON or CSV, a page after the other as the reader takes them. */
import type { ServerResponse } from 'node:http';
import { firstValueFrom } from 'rxjs';
import type { Clock } from '../../../clock.js';
import { EddyError } from '../../../errors.js';
import { MAX_TIME } from '../../../features/time-features.js';
import { lineOf } from '../../../reading/text/csv-cells.js';
import type { Directory } from '../../../sequence/directory.js';
import type { SequenceHandle } from '../../../sequence/handle.js';
import { timeOf } from '../../../sources/rows/json-row.js';
import type { Exchange } from '../http.js';
import type { Door } from './door.js';
import { newestPrediction, withRange } from './newest-prediction.js';
import { wholeNumber } from './sequence-routes.js';
import { type TableView, unitsOf, type ViewRow, type ViewTable, viewTable } from './view-table.js';

export interface ViewParts {
  readonly door: Door;
  readonly directory: Directory;
  readonly clock: Pick<Clock, 'scheduler'>;
}

const TYPES = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
} as const;
type Form = keyof typeof TYPES;

/** Steps that are told where nothing is asked. */
const USUAL = 100;
const MOST = 1e9;

export interface Span {
  readonly last?: number;
  readonly from?: number;
  /** The last time that is told. */
  readonly to: number;
}

/**
 * What of the past is asked for: `?last=100`, or `?from=…&to=…`, either end of which may be left out.
 *
 * @throws EddyError `message-invalid`, `step-time`
 */
export function spanOf(query: URLSearchParams): Span {
  const time = (name: string) => {
    const text = query.get(name);
    return text === null ? undefined : timeOf(/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  };
  const [from, to] = [time('from'), time('to')];
  const isSpan = from !== undefined || to !== undefined;
  if (isSpan && query.has('last'))
    throw new EddyError(
      'message-invalid',
      'last is asked for together with from or to; it is one or the other',
    );
  if (isSpan) return { from: from ?? -MAX_TIME, to: to ?? Number.POSITIVE_INFINITY };
  return { last: wholeNumber(query, 'last', USUAL, MOST), to: Number.POSITIVE_INFINITY };
}

export async function readView(view: TableView, exchange: Exchange, parts: ViewParts): Promise<void> {
  const { request, response, name, query } = exchange;
  const { door, directory } = parts;
  await door.admit(request, 'subscribe', name);
  const span = spanOf(query);
  const form = formOf(query.get('format'), request.headers.accept);
  const handle = await firstValueFrom(directory.get(name, request));
  const table = viewTable(view, handle);
  const { to, ...since } = span;
  const newest = view === 'predictions' ? await newestPrediction(handle, parts, request) : null;
  const reader = { owner: request, hasRoom: () => !response.writableNeedDrain };
  const { results$ } = handle.since(
    view,
    { every: 0, delivery: 'every', ranges: true },
    { ...since, isOver: true },
    reader,
  );
  const writer = new TableWriter(response, form, table, headOf(view, handle));
  await new Promise<void>((resolve, reject) => {
    const reading = results$.subscribe({
      next: (message) => {
        const rows = table.rowsOf(newest ? withRange(message, newest) : message);
        writer.write(rows.filter(({ t }) => !(t > to)));
        if (!rows.some(({ t }) => t > to)) return;
        reading.unsubscribe();
        resolve();
      },
      error: reject,
      complete: resolve,
    });
    response.once('close', () => {
      reading.unsubscribe();
      resolve();
    });
  });
  writer.end();
}

/** What is told before the rows. */
const headOf = (view: TableView, { name, epoch, schema }: SequenceHandle) => ({
  sequence: name,
  epoch,
  view,
  fields: unitsOf(schema.fields),
});

/** @throws EddyError `message-invalid` */
function formOf(asked: string | null, accept = ''): Form {
  if (asked !== null) {
    if (Object.hasOwn(TYPES, asked)) return asked as Form;
    throw new EddyError(
      'message-invalid',
      `format is ${JSON.stringify(asked)}; it must be json, ndjson or csv`,
    );
  }
  if (/\bndjson\b|jsonl/.test(accept)) return 'ndjson';
  return accept.includes('text/csv') ? 'csv' : 'json';
}

export const objectOf = ({ columns }: ViewTable, { cells }: ViewRow): Record<string, unknown> =>
  Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? null]));

class TableWriter {
  private rows = 0;

  constructor(
    private readonly response: ServerResponse,
    private readonly form: Form,
    private readonly table: ViewTable,
    private readonly head: object,
  ) {}

  write(rows: readonly ViewRow[]): void {
    this.begin();
    let text = '';
    for (const row of rows) text += this.textOf(row);
    if (text !== '') this.response.write(text);
  }

  end(): void {
    if (this.response.destroyed) return;
    this.begin();
    this.response.end(this.form === 'json' ? ']}\n' : '');
  }

  private begin(): void {
    if (this.response.headersSent) return;
    this.response.writeHead(200, { 'content-type': TYPES[this.form], 'cache-control': 'no-store' });
    if (this.form === 'json') this.response.write(`${JSON.stringify(this.head).slice(0, -1)},"rows":[`);
    if (this.form === 'csv') this.response.write(`${lineOf(this.table.columns)}\r\n`);
  }

  private textOf(row: ViewRow): string {
    if (this.form === 'csv') return `${lineOf(row.cells.map(cellText))}\r\n`;
    const text = JSON.stringify(objectOf(this.table, row));
    if (this.form === 'ndjson') return `${text}\n`;
    return this.rows++ === 0 ? `\n${text}` : `,\n${text}`;
  }
}

const cellText = (cell: ViewRow['cells'][number]): string =>
  cell === null ? '' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell);

/** The HTTP interface of a real server, asked as somebody with curl does. */
import { startServer } from './server.js';

export type Json = Record<string, unknown>;

export const JSON_TYPE = 'application/json';
export const NDJSON = 'application/x-ndjson';
export const T0 = Date.UTC(2026, 0, 1);

export async function served(...args: Parameters<typeof startServer>) {
  const { httpUrl, ...rest } = await startServer(...args);
  const ask = async (
    method: string,
    path: string,
    {
      body,
      type = JSON_TYPE,
      headers = {},
    }: { body?: unknown; type?: string; headers?: Record<string, string> } = {},
  ) => {
    const isPlain = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(`${httpUrl}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
      ...(body !== undefined && { body: (isPlain ? body : JSON.stringify(body)) as string }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith(JSON_TYPE);
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: (isJson ? JSON.parse(text) : {}) as Json,
    };
  };
  return { httpUrl, ask, ...rest };
}

export const rowsOf = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => ({
    time: T0 + 1000 * (first + i),
    temperature: 20 + Math.sin((first + i) / 3),
    humidity: 40 + ((first + i) % 5),
  }));
export const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

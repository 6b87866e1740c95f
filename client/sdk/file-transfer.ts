/** Exports and imports whole sequences over HTTP. */
import { type CodedError, codedError } from './coded-error.js';

/** Gives the HTTP address of a sequence on the server whose stream is at `stream`. */
export function sequenceUrl(stream: string, sequence: string): string {
  const url = new URL(stream);
  url.protocol = url.protocol.replace('ws', 'http');
  url.search = '';
  return new URL(`/sequences/${encodeURIComponent(sequence)}`, url).href;
}

/** Sends the request and gives the body of the answer. Rejects with the server's error. */
export async function transfer(
  url: string,
  token: string | undefined,
  file?: Uint8Array,
): Promise<Uint8Array> {
  const response = await fetch(url, {
    method: file ? 'PUT' : 'GET',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(file && { 'content-type': 'application/octet-stream' }),
    },
    ...(file && { body: new Uint8Array(file) }),
  });
  if (!response.ok) throw await errorOf(response);
  return new Uint8Array(await response.arrayBuffer());
}

async function errorOf(response: Response): Promise<CodedError> {
  const text = await response.text();
  try {
    const { code, message, temporary } = JSON.parse(text) as Record<string, unknown>;
    if (typeof code === 'string') return codedError(code, String(message), temporary === true);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return codedError('connection-lost', `HTTP ${response.status}: ${text.slice(0, 200)}`, true);
}

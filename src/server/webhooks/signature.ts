/** The signature of Standard Webhooks: HMAC-SHA256 over id, time and body, one for each secret in force. */
import { createHmac } from 'node:crypto';
import { EddyError } from '../../errors.js';
import { readTrusted } from '../auth/trusted-file.js';

const PREFIX = 'whsec_';
/** Bytes of a secret, as the standard has it. */
const [LEAST_BYTES, MOST_BYTES] = [24, 64];

/** @param at seconds since 1970 */
export const signatureOf = (id: string, at: number, body: string, secrets: readonly Buffer[]): string =>
  secrets
    .map((secret) => `v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}`)
    .join(' ');

/**
 * Reads the secrets of a file, one on each line: while one is replaced, the old and the new one both sign.
 *
 * @throws EddyError `credentials-invalid`; it quotes none of them
 */
export function readSecrets(file: string, warn: (text: string) => void): Buffer[] {
  const lines = readTrusted(file, { isSecret: true, warn })
    .split('\n')
    .map((line, i) => ({ text: line.trim(), line: i + 1 }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  if (lines.length === 0) throw invalid(`${file} holds no secret`);
  return lines.map(({ text, line }) => {
    const secret = secretOf(text);
    if (secret) return secret;
    throw invalid(
      `${file}:${line} is no webhook secret: whsec_ and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64 are, as of: echo "whsec_$(openssl rand -base64 32)"`,
    );
  });
}

function secretOf(text: string): Buffer | null {
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES ? bytes : null;
}

const invalid = (why: string) => new EddyError('credentials-invalid', why);

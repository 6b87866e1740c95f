/**
 * The audit: one line for each act that creates, changes, moves or removes a sequence, and for each change of who may do
 * so. It says who, what, and the old and the new value where there is one. A line is written before the act is answered.
 */
import type { Logger } from 'pino';
import { type Access, EVERYTHING } from '../auth/access.js';
import type { AuditFile } from './audit-file.js';

export type Audited =
  | 'open'
  | 'configure'
  | 'reset'
  | 'checkpoint'
  | 'remove'
  | 'import'
  | 'export'
  | 'reload'
  | 'refused'
  | 'webhook-off';

type Values = Readonly<Record<string, unknown>>;

export interface AuditEvent {
  readonly what: Audited;
  /** The holder of the token, or the address where no token is needed. */
  readonly who: string;
  readonly address: string | null;
  /** The number of the socket, as the log has it. */
  readonly connection?: number;
  readonly sequence?: string;
  readonly before?: Values;
  readonly after?: Values;
  readonly reason?: string;
  /** Lines like this one that were left out. */
  readonly suppressed?: number;
}

/** Takes what happened. */
export type Audit = (event: AuditEvent) => void;

export interface AuditParts {
  readonly logger: Logger;
  /** A file of its own for the lines, besides the log. */
  readonly file: AuditFile | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Creates the audit. Its lines are in the log whatever its level, unless it is silent. */
export function createAudit({ logger, file, now }: AuditParts): Audit {
  const level = logger.level === 'silent' ? 'silent' : 'info';
  const log = logger.child({ audit: true }, { level });
  return (event) => {
    file?.write(`${JSON.stringify({ time: new Date(now()).toISOString(), audit: true, ...event })}\n`);
    log.info(event, event.what === 'refused' ? 'a token was refused' : event.what);
  };
}

/** Names who acts: the holder of a token, or the address where everyone may do everything. */
export const whoOf = (access: Access, address: string | null): string =>
  access === EVERYTHING ? (address ?? 'this process') : access.name;

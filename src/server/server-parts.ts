import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Limits } from '../limits.js';
import type { Registry } from '../sequence/registry.js';
import type { Authorize } from './auth/authenticator.js';
import type { Credentials } from './auth/credentials.js';
import type { Check } from './http/operations.js';
import type { LoadShedder } from './load/load-shedder.js';
import type { Reload } from './reload.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** What a server is put together from. */
export interface ServerParts {
  readonly registry: Registry;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly guard: LoadShedder;
  /** What has to be well besides for the server to be ready, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Has the server metrics of its process too? */
  readonly metricsOfProcess: boolean;
  /** Milliseconds over which clients are told to come back after the server's end. */
  readonly spreadMs: number;
  /** What is still to be done when all sockets are closed and all sequences are there, one after the other. */
  readonly onStop: readonly (() => void | Promise<void>)[];
  /** What `reload` reads again, by name. */
  readonly onReload: Readonly<Record<string, Reload>>;
  /** Name and version, as `welcome` tells them. */
  readonly server: string;
  /** Who may connect. */
  readonly credentials: Credentials;
  /** Decides who may connect in place of the credentials, where a program embeds the server. */
  readonly authorize: Authorize | null;
  /** Web pages that may connect, beside the server's own. */
  readonly origins: readonly string[];
}

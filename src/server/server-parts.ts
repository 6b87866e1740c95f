import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { SchemaInput } from '../fields/sequence-schema.js';
import type { Limits } from '../limits.js';
import type { Registry } from '../sequence/registry.js';
import type { Authorize } from './auth/authenticator.js';
import type { Credentials } from './auth/credentials.js';
import type { Check } from './http/operations.js';
import type { LoadShedder } from './load/load-shedder.js';
import type { Reload } from './reload.js';
import type { Audit } from './telemetry/audit.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { Webhooks } from './webhooks/webhooks.js';

export interface ServerParts {
  readonly registry: Registry;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly guard: LoadShedder;
  /** Further checks that must pass for the server to be ready, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Include the metrics of the process? */
  readonly metricsOfProcess: boolean;
  /** Milliseconds over which the return of the clients is spread after a shutdown. */
  readonly spreadMs: number;
  /** Runs, one after another, when all sockets are closed and before the sequences end. */
  readonly onStop: readonly (() => void | Promise<void>)[];
  /** The parts that `reload` reloads, by name. */
  readonly onReload: Readonly<Record<string, Reload>>;
  /** Name and version, for `welcome`. */
  readonly server: string;
  readonly credentials: Credentials;
  /** Decides instead of the credentials, if a program that embeds the server says so. */
  readonly authorize: Authorize | null;
  /** Origins of web pages that may connect, besides the server's own. */
  readonly origins: readonly string[];
  /** Proxies that may say whose a request is: addresses and networks. */
  readonly trustProxy: readonly string[];
  readonly audit: Audit;
  /** Milliseconds from which on a request is slow. */
  readonly slowRequestMs: number;
  /** How lines of InfluxDB's protocol, and series of Prometheus, name sequences, and what new ones are asked to be. */
  readonly influx: { readonly name: string } & SchemaInput;
  readonly prometheus: { readonly name: string } & SchemaInput;
  /** Does /metrics ask for a token with the role `metrics`? */
  readonly protectMetrics: boolean;
  /** The pattern of the sequences of which /metrics tells how they learn; null for none. */
  readonly metricsSequences: string | null;
  /** Tell of alerts; null for none. */
  readonly webhooks?: Webhooks | null;
}

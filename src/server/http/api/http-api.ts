/** The HTTP interface: rows in, results out, for whoever has no client of Eddy's: curl, a script, a spreadsheet, a browser. */
import type { Directory } from '../../../sequence/directory.js';
import type { Turns } from '../../../sources/in-turns.js';
import { Ingest } from '../../../sources/ingest.js';
import type { LoadShedder } from '../../load/load-shedder.js';
import type { ServerParts } from '../../server-parts.js';
import { type Exchange, type HttpServer, sendJson } from '../http.js';
import { Door, type DoorParts } from './door.js';
import { EVENT_STREAM, EventStreams } from './event-stream.js';
import { addInflux } from './influx-routes.js';
import { openApi } from './openapi.js';
import { addPrometheus } from './prometheus-routes.js';
import { readView } from './read-view.js';
import * as sequences from './sequence-routes.js';
import { exportSequence, importSequence } from './sequence-transfer.js';
import { takeSteps } from './take-steps.js';
import { TABLE_VIEWS } from './view-table.js';

export interface ApiParts
  extends Pick<ServerParts, 'limits' | 'clock' | 'audit' | 'telemetry' | 'influx' | 'prometheus'>,
    Pick<DoorParts, 'authenticator' | 'peers' | 'onFault'> {
  readonly directory: Directory;
  readonly turns: Turns;
  readonly guard: Pick<LoadShedder, 'check'>;
}

/** Rows of one request that wait for the disk at once. */
const IN_FLIGHT = 1024;

export interface Api {
  readonly door: Door;
  readonly ingest: Ingest;
  readonly streams: EventStreams;
}

export function addApi(http: HttpServer, parts: ApiParts): Api {
  const { directory, turns, guard, clock, limits, audit, telemetry } = parts;
  const door = new Door({ ...parts, counters: telemetry.wire });
  const inFlight = Math.min(IN_FLIGHT, limits.pendingAppends);
  const ingest = new Ingest({ directory, clock, turns, checkNew: () => guard.check('sequences'), inFlight });
  const streams = new EventStreams({ door, directory, guard, clock, limits });
  const all = { door, directory, audit, ingest, turns, clock, limits };
  const on = (
    method: Parameters<HttpServer['on']>[0],
    path: string,
    handle: (exchange: Exchange, using: typeof all) => Promise<void>,
  ) =>
    http.on(
      method,
      path,
      door.coded((exchange) => handle(exchange, all)),
    );

  on('POST', '/sequences/:name/steps', takeSteps);
  on('GET', '/sequences', sequences.listSequences);
  on('GET', '/sequences/:name', sequences.showSequence);
  on('PATCH', '/sequences/:name', sequences.configureSequence);
  on('DELETE', '/sequences/:name', sequences.removeSequence);
  on('POST', '/sequences/:name/reset', sequences.resetSequence);
  on('POST', '/sequences/:name/checkpoint', sequences.checkpointSequence);
  on('GET', '/sequences/:name/export', exportSequence);
  on('PUT', '/sequences/:name', importSequence);
  on('POST', '/sequences/:name/flush', sequences.flushSequence);
  http.on('GET', '/openapi.json', ({ response }) => sendJson(response, 200, openApi()));
  for (const view of TABLE_VIEWS)
    on('GET', `/sequences/:name/${view}`, (exchange) =>
      exchange.request.headers.accept?.includes(EVENT_STREAM)
        ? streams.begin(view, exchange)
        : readView(view, exchange, all),
    );
  addInflux(http, { door, ingest, turns, influx: parts.influx });
  addPrometheus(http, { door, ingest, limits, turns, prometheus: parts.prometheus });
  return { door, ingest, streams };
}

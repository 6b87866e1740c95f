/** Where sequences are: behind a server, or in a folder that no server is using. */
import type { Listing } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import type { ToldSeason } from '../../fields/told-seasons.js';
import { type ConnectionFlags, connectServer } from '../shared/server-connection.js';

/** What is told of a sequence; of one that sleeps, as it fell asleep. */
export type ListedSequence = Omit<Listing['sequences'][number], 'spec' | 'seasons'> & {
  readonly spec?: Readonly<Record<string, unknown>> | undefined;
  readonly seasons?: readonly ToldSeason[] | undefined;
};

export interface Place {
  rows(): AsyncIterable<ListedSequence>;
  /** @throws EddyError `sequence-unknown` */
  row(name: string): Promise<ListedSequence>;
  export(name: string): Promise<Uint8Array>;
  import(name: string, file: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceFlags extends ConnectionFlags {
  readonly data?: string | undefined;
}

/** Opens the place, acts and closes it. */
export async function at(flags: PlaceFlags, act: (place: Place) => Promise<void>): Promise<void> {
  const place = flags.data === undefined ? await atServer(flags) : await inFolder(flags.data);
  try {
    await act(place);
  } finally {
    await place.close();
  }
}

async function atServer(flags: ConnectionFlags): Promise<Place> {
  const { client, opened, failed } = await connectServer(flags, 'eddy sequences');
  const safe = <T>(work: Promise<T>): Promise<T> => Promise.race([work, failed]);
  try {
    await safe(opened);
  } catch (error) {
    client.close();
    throw error;
  }
  return {
    async *rows() {
      for (let after: string | undefined; ; ) {
        const { sequences, more } = await safe(
          client.list({ limit: 1000, ...(after !== undefined && { after }) }),
        );
        yield* sequences;
        if (!more || sequences.length === 0) return;
        after = sequences.at(-1)!.sequence;
      }
    },
    row: async (name) => {
      const [row] = (await safe(client.list({ sequence: name }))).sequences;
      if (row) return row;
      throw unknown(name);
    },
    export: (name) => client.export(name),
    import: (name, file) => client.import(name, file),
    remove: (name) => client.remove(name),
    close: async () => client.close(),
  };
}

async function inFolder(data: string): Promise<Place> {
  const { openRegistry } = await import('../../server/create-server.js');
  const registry = await openRegistry(data);
  const rowOf = (sequence: string): ListedSequence => {
    const { schema, x, spec, health, arrivals: _, ...others } = registry.summaryOf(sequence);
    return {
      sequence,
      awake: false,
      ...others,
      ...(health && { health: { ...health } }),
      ...(x && { x: [...x] }),
      ...(spec && { spec: { ...spec } }),
      ...(schema && { fields: [...schema.fields], targets: [...schema.targets] }),
      ...(schema?.resample && { resample: { ...schema.resample } }),
    };
  };
  return {
    async *rows() {
      for (const name of registry.names()) yield rowOf(name);
    },
    row: async (name) => {
      for (const known of registry.names()) if (known === name) return rowOf(name);
      throw unknown(name);
    },
    export: async (name) => registry.exportOf(name),
    import: (name, file) => registry.importAs(name, file),
    remove: (name) => registry.remove(name),
    close: () => registry.end(),
  };
}

const unknown = (name: string) =>
  new EddyError('sequence-unknown', `there is no sequence ${name}; eddy sequences ls lists those there are`);

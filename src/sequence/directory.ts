/**
 * The sequences that a gateway can reach, wherever their owners are. Each answer is a stream of one value: from this
 * process in the same call where it is quick, from elsewhere when it arrives. Every error is an EddyError.
 */
import type { Observable } from 'rxjs';
import type { Schema, SchemaInput } from '../fields/sequence-schema.js';
import type { ToldSeason } from '../fields/told-seasons.js';
import type { SequenceHandle } from './handle.js';
import type { SequenceHealth } from './sequence-health.js';

/** Create a new sequence, resume an existing one, or either. */
export type OpenMode = 'create' | 'resume' | 'either';

export interface OpenedSequence {
  readonly handle: SequenceHandle;
  readonly created: boolean;
}

/** An entry of a listing. Of a sequence that sleeps it tells how it fell asleep, without waking it. */
export interface Listed {
  readonly sequence: string;
  readonly awake: boolean;
  readonly seq?: number;
  readonly epoch?: string;
  /** Milliseconds since its last step; null if none came since it was loaded. */
  readonly age?: number | null;
  readonly spec?: Record<string, unknown>;
  readonly schema?: Schema;
  /** The time of the last step, and its x [B,F]. */
  readonly t?: number | null;
  readonly x?: readonly (number | null)[];
  readonly learning?: boolean;
  readonly updates?: number;
  readonly anomaly?: number;
  readonly scored?: number;
  readonly recentMae?: number | null;
  readonly recentSkill?: number | null;
  readonly health?: SequenceHealth;
  readonly seasons?: readonly ToldSeason[];
}

export interface ListQuery {
  /** Starts after this name. */
  readonly after: string;
  /** The most sequences to give. */
  readonly limit: number;
  /** Only this one, if it is known. */
  readonly only?: string | undefined;
  /** Tells which names the asker may see; null for all. */
  readonly covers: ((name: string) => boolean) | null;
  readonly asker?: object;
}

export interface SequenceList {
  /** The number of sequences that the asker may see. */
  readonly total: number;
  readonly sequences: Listed[];
  /** Do others follow the last one? */
  readonly more: boolean;
}

export interface Directory {
  /**
   * Opens a sequence to push to it: creates it, or finds it. Errors: `sequence-*`, `spec-*`, `field*`, `setting-invalid`,
   * `store-*`
   *
   * @param checkNew called before a sequence is created; an error from it refuses that
   * @param asker shares the processor with others who ask
   */
  open(
    name: string,
    mode: OpenMode,
    asked: SchemaInput,
    checkNew: () => void,
    asker?: object,
  ): Observable<OpenedSequence>;
  /** Gives an existing sequence to watch it. Errors: `sequence-unknown`, `sequence-name-invalid`, `store-damaged` */
  get(name: string, asker?: object): Observable<SequenceHandle>;
  list(query: ListQuery): Observable<SequenceList>;
  /** Deletes a sequence for good; completes when that is durable. Errors: `sequence-unknown` */
  remove(name: string, asker?: object): Observable<never>;
  /** Exports a whole sequence as a file. Errors: `sequence-*`, `store-*` */
  export(name: string, asker?: object): Observable<Uint8Array>;
  /** Creates a sequence from a file, in a new epoch; completes when it is durable. Errors: `sequence-*`, `snapshot-invalid`, `spec-invalid`, `store-unavailable` */
  import(name: string, file: Uint8Array, asker?: object): Observable<never>;
}

/**
 * The sequences that a gateway can reach, wherever their owners are. Each answer is a stream of one value; what is in this
 * process answers in the same call, what is elsewhere when it has been asked. An error is an EddyError.
 */
import type { Observable } from 'rxjs';
import type { SequenceHandle } from './handle.js';

/** Makes a new sequence, goes on with one that exists, or whichever it is. */
export type OpenMode = 'create' | 'resume' | 'either';

export interface OpenedSequence {
  readonly handle: SequenceHandle;
  readonly created: boolean;
}

/** What a list tells of a sequence; what only a model knows is there while the sequence is awake. */
export interface Listed {
  readonly sequence: string;
  readonly awake: boolean;
  readonly seq?: number;
  readonly epoch?: string;
  /** Milliseconds since its last step; null where none came since it is in memory. */
  readonly age?: number | null;
  readonly spec?: Record<string, unknown>;
  readonly learning?: boolean;
  readonly updates?: number;
  readonly anomaly?: number;
  readonly scored?: number;
  readonly recentMae?: number | null;
  readonly recentSkill?: number | null;
}

export interface ListQuery {
  /** Begins after this name. */
  readonly after: string;
  /** Sequences, at most. */
  readonly limit: number;
  /** Tells which names whoever asks may see; null for all. */
  readonly covers: ((name: string) => boolean) | null;
}

export interface SequenceList {
  /** How many there are that may be seen. */
  readonly total: number;
  readonly sequences: Listed[];
}

export interface Directory {
  /**
   * Opens a sequence, to push to it: makes it, or finds it. Errors: `sequence-*`, `spec-*`, `store-*`
   *
   * @param checkNew is called before a sequence is made; what it throws refuses that
   */
  open(name: string, mode: OpenMode, spec: unknown, checkNew: () => void): Observable<OpenedSequence>;
  /** Gives a sequence that exists, to watch it. Errors: `sequence-unknown`, `sequence-name-invalid`, `store-damaged` */
  get(name: string): Observable<SequenceHandle>;
  list(query: ListQuery): Observable<SequenceList>;
  /** Forgets a sequence for good; completes when that is durable. Errors: `sequence-unknown` */
  remove(name: string): Observable<never>;
  /** Gives a whole sequence as a file. Errors: `sequence-*`, `store-*` */
  export(name: string): Observable<Uint8Array>;
  /** Makes a sequence of a file, in a new epoch; completes when it is durable. Errors: `sequence-*`, `snapshot-invalid`, `spec-invalid`, `store-unavailable` */
  import(name: string, file: Uint8Array): Observable<never>;
}

import { EddyError } from '../../src/errors.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { ModelSpec, ModelSpecInput } from '../../src/rnn/spec/spec.js';
import type { OpenOptions } from './api.js';
import type { CodedError } from './coded-error.js';
import { isPassing } from './refusal.js';
import type { Requests } from './requests.js';
import type { Retry } from './retry.js';
import { specIn } from './shape.js';

type Mode = NonNullable<OpenOptions['mode']>;

export interface OpeningParts {
  readonly sequence: string;
  readonly mode: Mode;
  readonly spec: ModelSpecInput | undefined;
  readonly requests: Requests;
  readonly retry: Retry;
  readonly onOpened: (opened: ServerMessageOf<'opened'>) => void;
  /** The sequence cannot be opened again yet; it is tried later. */
  readonly onDelayed: (error: CodedError) => void;
  readonly onRefused: (error: CodedError) => void;
}

/**
 * Opens a sequence on every new socket.
 *
 *   the first time      as the user asked
 *   and then            resume; where the sequence is gone, either, if the user let it be made and the spec is known
 *
 * A refusal the first time is final, unless it is the server that cannot now. Later, a temporary one is tried again.
 */
export class Opening {
  /** Is an answer under way? */
  isPending = false;
  wasOpened = false;
  private wasAsked = false;
  private spec: ModelSpecInput | ModelSpec | undefined;

  constructor(private readonly parts: OpeningParts) {
    this.spec = parts.spec;
  }

  /** Asks for the channel: call it once for each socket. */
  begin(): void {
    if (this.wasOpened) return this.ask('resume');
    const { mode } = this.parts;
    // The first create may have been heard, though its answer was not.
    const isRepeated = mode === 'create' && this.wasAsked;
    this.wasAsked = true;
    this.ask(isRepeated ? 'either' : mode, isRepeated);
  }

  /** Asks again after a while, on the same socket. */
  beginLater(): void {
    this.parts.retry.later(() => this.begin());
  }

  interrupt(): void {
    this.parts.retry.cancel();
  }

  private ask(mode: Mode, mustBeNew = false): void {
    const { sequence, requests, retry, onOpened, onRefused } = this.parts;
    const spec = mode === 'resume' ? this.parts.spec : this.spec;
    this.isPending = true;
    requests.ask(
      { type: 'open', sequence, mode, ...(spec && { spec: { ...spec } }) },
      (opened) => {
        this.isPending = false;
        if (mustBeNew && !opened.created && opened.seq >= 0)
          return onRefused(new EddyError('sequence-exists', `sequence ${sequence} exists already`));
        retry.succeed();
        this.wasOpened = true;
        this.spec ??= specIn(opened);
        onOpened(opened);
      },
      (error) => this.failed(error, mode),
    );
  }

  private failed(error: CodedError, mode: Mode): void {
    this.isPending = false;
    const { mode: wanted, onDelayed, onRefused } = this.parts;
    if (error.code === 'connection-lost') return;
    const mayPass = this.wasOpened ? error.temporary : isPassing(error.code);
    if (!mayPass) return onRefused(error);
    if (error.code === 'sequence-unknown' && mode === 'resume' && wanted !== 'resume')
      return this.ask('either');
    onDelayed(error);
    this.beginLater();
  }
}

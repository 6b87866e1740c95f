import { EddyError } from '../../src/errors.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { Described, OpenOptions } from './api.js';
import type { CodedError } from './coded-error.js';
import { isPassing } from './refusal.js';
import type { Requests } from './requests.js';
import type { Retry } from './retry.js';
import { describedIn } from './shape.js';

/** What the sequence is to be. */
type Asked = { readonly [K in 'spec' | 'fields' | 'targets' | 'resample']?: OpenOptions[K] | undefined };

/** What is asked for to make a sequence again that is gone: what it was. Fields stay in the order of the user. */
const again = (asked: Asked, { spec, fields, targets, resample }: Described): Asked => ({
  spec: asked.spec ?? spec,
  fields: asked.fields ?? fields,
  ...(targets.length > 0 && { targets: asked.targets ?? targets }),
  ...(resample && { resample: asked.resample ?? resample }),
});

const bodyOf = ({ spec, fields, targets, resample }: Asked) => ({
  ...(spec && { spec: { ...spec } }),
  ...(fields && { fields: [...fields] }),
  ...(targets && { targets: [...targets] }),
  ...(resample && { resample: { ...resample } }),
});

type Mode = NonNullable<OpenOptions['mode']>;

export interface OpeningParts {
  readonly sequence: string;
  readonly mode: Mode;
  readonly asked: Asked;
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
  private made: Described | null = null;

  constructor(private readonly parts: OpeningParts) {}

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
    const { sequence, requests, retry, onOpened, onRefused, asked } = this.parts;
    this.isPending = true;
    requests.ask(
      {
        type: 'open',
        sequence,
        mode,
        ...bodyOf(mode === 'resume' || !this.made ? asked : again(asked, this.made)),
      },
      (opened) => {
        this.isPending = false;
        if (mustBeNew && !opened.created && opened.seq >= 0)
          return onRefused(new EddyError('sequence-exists', `sequence ${sequence} exists already`));
        retry.succeed();
        this.wasOpened = true;
        this.made ??= describedIn(opened);
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

import { Subject } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Limits } from '../limits.js';
import type { Pieces } from '../math/pieces.js';
import { Model, type ModelStart } from '../rnn/model.js';
import { type ModelSpec, type ModelSpecInput, modelSize, parseSpec } from '../rnn/spec/spec.js';

/** A sequence whose model is in memory, and may be put to sleep. */
export interface Sleeper {
  readonly name: string;
  /** When it last had a request, by the monotonic clock. */
  readonly lastActive: number;
  /** Is its model at work? Then it cannot be put to sleep. */
  readonly isBusy: boolean;
  /** Puts it to sleep, in pieces. */
  through(command: { readonly kind: 'sleep'; readonly reason: 'room' }): Pieces;
}

export interface ModelRoomParts {
  readonly kernels: Kernels;
  /** Milliseconds, for the duration of updates. */
  readonly now: () => number;
  readonly limits: Pick<Limits, 'awakeSequences' | 'modelBytes'>;
}

/** How often one looks for a model that is not at work, before the next is refused. */
const LOOKS = 250;
/** A look ends its slice: it waits for others. */
const LOOK_WORK = 2 ** 24;

/**
 * The memory for all models: those of awake sequences, and those that replay what somebody missed. It is bounded: the
 * sequence idle longest makes room for another.
 */
export class ModelRoom {
  /** The name of a sequence that has woken. */
  readonly woken$ = new Subject<string>();
  private readonly awake = new Set<Sleeper>();
  /** Live models, those in the making included. */
  private live = 0;
  private bytes = 0;

  constructor(private readonly parts: ModelRoomParts) {}

  /** How many sequences are awake. */
  get size(): number {
    return this.awake.size;
  }

  /** Makes a live model, and room for it; `enter` then names its sequence. @throws EddyError `sequence-limit` */
  wake(spec: Plain, from?: ModelStart): Pieces<Model> {
    return this.make(spec, from, true);
  }

  /** Makes a model that only replays the past, and room for it. @throws EddyError `sequence-limit` */
  replay(spec: Plain, from?: ModelStart): Pieces<Model> {
    return this.make(spec, from, false);
  }

  /** A sequence is awake. */
  enter(sequence: Sleeper): void {
    this.awake.add(sequence);
    this.woken$.next(sequence.name);
  }

  /** A sequence is asleep: its model is gone. */
  leave(sequence: Sleeper): void {
    this.awake.delete(sequence);
  }

  private *make(spec: Plain, from: ModelStart | undefined, isLive: boolean): Pieces<Model> {
    const { kernels, now } = this.parts;
    const bytes = this.bytesOf(parseSpec(spec));
    yield* this.makeRoom(bytes, isLive);
    const count = (sign: number) => {
      this.bytes += sign * bytes;
      if (isLive) this.live += sign;
    };
    count(1);
    let model: Model | null = null;
    try {
      model = yield* Model.inPieces(spec as unknown as ModelSpecInput, { kernels, now, ...from });
      model.onFree = () => count(-1);
      return model;
    } finally {
      if (!model) count(-1);
    }
  }

  private *makeRoom(bytes: number, isLive: boolean): Pieces {
    const { awakeSequences, modelBytes } = this.parts.limits;
    if (bytes > modelBytes)
      throw new EddyError(
        'sequence-limit',
        `the model would take ${bytes} bytes; the limit is ${modelBytes}`,
      );
    const isFull = () => (isLive && this.live >= awakeSequences) || this.bytes + bytes > modelBytes;
    for (let looks = 0; isFull(); ) {
      const idle = this.longestIdle();
      if (idle) yield* idle.through({ kind: 'sleep', reason: 'room' });
      else if (++looks < LOOKS) yield LOOK_WORK;
      else throw new EddyError('sequence-limit', 'every model in memory is at work');
    }
  }

  private longestIdle(): Sleeper | null {
    let idle: Sleeper | null = null;
    for (const sequence of this.awake)
      if (!sequence.isBusy && (!idle || sequence.lastActive < idle.lastActive)) idle = sequence;
    return idle;
  }

  private bytesOf(spec: ModelSpec): number {
    return this.parts.kernels.bytesPerReal * modelSize(spec);
  }
}

import { Subject } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Limits } from '../limits.js';
import { Model, type ModelStart } from '../rnn/model.js';
import { type ModelSpec, type ModelSpecInput, modelSize, parseSpec } from '../rnn/spec/spec.js';

/** A sequence whose model is in memory, and may be put to sleep. */
export interface Sleeper {
  readonly spec: ModelSpec;
  /** When it last had a request, by the monotonic clock. */
  readonly lastActive: number;
  /** Is its model at work? Then it cannot be put to sleep. */
  readonly isBusy: boolean;
  sleep(reason: 'room'): void;
}

export interface ModelRoomParts {
  readonly kernels: Kernels;
  /** Milliseconds, for the duration of updates. */
  readonly now: () => number;
  readonly limits: Pick<Limits, 'awakeSequences' | 'modelBytes'>;
}

/** The memory for the models of all awake sequences. It is bounded: the sequence idle longest makes room for another. */
export class ModelRoom {
  /** A sequence has woken. */
  readonly woken$ = new Subject<void>();
  private readonly awake = new Set<Sleeper>();
  private bytes = 0;

  constructor(private readonly parts: ModelRoomParts) {}

  /** How many sequences are awake. */
  get size(): number {
    return this.awake.size;
  }

  /** Makes a live model, and room for it; `enter` then names its sequence. @throws EddyError `sequence-limit` */
  wake(spec: Plain, from?: ModelStart): Model {
    const { limits } = this.parts;
    const bytes = this.bytesOf(parseSpec(spec));
    if (bytes > limits.modelBytes)
      throw new EddyError(
        'sequence-limit',
        `the model would take ${bytes} bytes; the limit is ${limits.modelBytes}`,
      );
    while (this.awake.size >= limits.awakeSequences || this.bytes + bytes > limits.modelBytes)
      this.longestIdle().sleep('room');
    return this.make(spec, from);
  }

  /** Makes a model that only replays the past. */
  make(spec: Plain, from?: ModelStart): Model {
    const { kernels, now } = this.parts;
    return new Model(spec as unknown as ModelSpecInput, { kernels, now, ...from });
  }

  /** A sequence is awake. */
  enter(sequence: Sleeper): void {
    this.awake.add(sequence);
    this.bytes += this.bytesOf(sequence.spec);
    this.woken$.next();
  }

  /** A sequence is asleep: its model is gone. */
  leave(sequence: Sleeper): void {
    if (this.awake.delete(sequence)) this.bytes -= this.bytesOf(sequence.spec);
  }

  /** @throws EddyError `sequence-limit` if every model is at work */
  private longestIdle(): Sleeper {
    let idle: Sleeper | null = null;
    for (const sequence of this.awake)
      if (!sequence.isBusy && (!idle || sequence.lastActive < idle.lastActive)) idle = sequence;
    if (idle) return idle;
    throw new EddyError('sequence-limit', 'every model in memory is at work');
  }

  private bytesOf(spec: ModelSpec): number {
    return this.parts.kernels.bytesPerReal * modelSize(spec);
  }
}

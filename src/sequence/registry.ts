/** The sequences that are carried, by name. */
import type { SchedulerLike } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Limits } from '../protocol/limits.js';
import { SEQUENCE_NAME } from '../protocol/messages.js';
import { Model } from '../rnn/model.js';
import { modelSize, parseSpec } from '../rnn/spec.js';
import type { Store } from '../store/store.js';
import { Sequence } from './sequence.js';

export interface RegistryParts {
  readonly kernels: Kernels;
  readonly store: Store;
  readonly scheduler: SchedulerLike;
  /** Milliseconds, for durations. */
  readonly now: () => number;
  readonly newEpoch: () => string;
  readonly limits: Pick<Limits, 'sequences' | 'modelBytes' | 'blockSteps' | 'unackedSteps'>;
  /** Tells of a fault of Eddy's own. */
  readonly onFault: (error: unknown) => void;
}

export type OpenMode = 'create' | 'resume' | 'either';

export class Registry {
  private readonly byName = new Map<string, Sequence>();
  private lastChannel = 0;
  private modelBytes = 0;

  constructor(private readonly parts: RegistryParts) {}

  get size(): number {
    return this.byName.size;
  }

  /** @throws EddyError `sequence-unknown` */
  get(name: string): Sequence {
    const sequence = this.byName.get(name);
    if (sequence) return sequence;
    this.checkName(name);
    throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
  }

  /**
   * Opens a sequence: makes it, or finds it.
   *
   * @throws EddyError `sequence-*`, `spec-*`
   */
  open(name: string, mode: OpenMode, spec: unknown): { sequence: Sequence; created: boolean } {
    this.checkName(name);
    const sequence = this.byName.get(name);
    if (!sequence) {
      if (mode === 'resume')
        throw new EddyError('sequence-unknown', `there is no sequence ${name} to resume`);
      return { sequence: this.create(name, spec), created: true };
    }
    sequence.checkAlive();
    if (mode === 'create') throw new EddyError('sequence-exists', `sequence ${name} exists already`);
    if (spec !== undefined && JSON.stringify(parseSpec(spec)) !== JSON.stringify(sequence.model.spec))
      throw new EddyError('spec-conflict', `sequence ${name} exists with another model spec`);
    return { sequence, created: false };
  }

  /** Ends all sequences. */
  end(): void {
    for (const sequence of this.byName.values()) sequence.end();
    this.byName.clear();
  }

  private create(name: string, spec: unknown): Sequence {
    const { kernels, now, limits, store, scheduler, newEpoch, onFault } = this.parts;
    if (spec === undefined)
      throw new EddyError('spec-required', `sequence ${name} is new, so it needs a model spec`);
    if (this.byName.size >= limits.sequences)
      throw new EddyError('sequence-limit', `${limits.sequences} sequences are carried already`);
    const parsed = parseSpec(spec);
    const bytes = kernels.bytesPerReal * modelSize(parsed);
    if (this.modelBytes + bytes > limits.modelBytes)
      throw new EddyError('sequence-limit', `the models would hold over ${limits.modelBytes} bytes`);
    const model = new Model(parsed, { kernels, now });
    this.modelBytes += bytes;
    const channel = ++this.lastChannel;
    const sequence = new Sequence({
      name,
      channel,
      model,
      store,
      scheduler,
      newEpoch,
      limits,
      onFault,
    });
    this.byName.set(name, sequence);
    return sequence;
  }

  private checkName(name: string): void {
    if (!SEQUENCE_NAME.test(name))
      throw new EddyError(
        'sequence-name-invalid',
        `${JSON.stringify(name.slice(0, 140))} is no name: 1 to 128 of A-Z a-z 0-9 . _ : / -, a letter or digit first`,
      );
  }
}

/** The known sequences, by name: those that are awake, and those asleep in the store. */
import type { Subscription } from 'rxjs';
import type { Clock } from '../clock.js';
import { EddyError } from '../errors.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Limits } from '../limits.js';
import { SEQUENCE_NAME } from '../protocol/messages.js';
import { isSameSpec, parseSpec } from '../rnn/spec/spec.js';
import type { Store } from '../store/store.js';
import { ModelRoom } from './model-room.js';
import { bringBack, createSequence } from './open-sequence.js';
import { fromState } from './recovery.js';
import type { Sequence } from './sequence.js';
import type { SequenceCounters } from './sequence-counters.js';
import { readSequence, writeSequence } from './sequence-file.js';
import type { SequenceParts } from './sequence-parts.js';

export interface RegistryParts {
  readonly kernels: Kernels;
  readonly store: Store;
  readonly clock: Clock;
  readonly newEpoch: () => string;
  readonly limits: Pick<
    Limits,
    'sequences' | 'awakeSequences' | 'modelBytes' | 'blockSteps' | 'unackedSteps'
  >;
  readonly keeping: Keeping;
  readonly counters: SequenceCounters;
  /** Reports a fault inside Eddy, or of the store. */
  readonly onFault: (error: unknown) => void;
}

/** When a sequence is saved. */
export interface Keeping {
  /** Steps, and milliseconds, after which a checkpoint is made; fewer steps if they are expensive. */
  readonly steps: number;
  readonly ms: number;
  /** Milliseconds without a step after which it is put to sleep. */
  readonly idleMs: number;
}

export type OpenMode = 'create' | 'resume' | 'either';

/** Milliseconds between two checks for idle and unsaved sequences. */
const LOOK_MS = 1000;

export class Registry {
  /** Sequences in use, or used a moment ago. */
  private readonly present = new Map<string, Sequence>();
  private readonly models: ModelRoom;
  private lastChannel = 0;
  private looking: Subscription | null = null;

  constructor(private readonly parts: RegistryParts) {
    const { kernels, clock, limits } = parts;
    this.models = new ModelRoom({ kernels, limits, now: () => clock.monotonic() });
    this.models.woken$.subscribe(() => this.lookLater());
  }

  /** The number of known sequences. */
  get size(): number {
    return this.parts.store.size;
  }

  /** The number of awake sequences. */
  get awakeSize(): number {
    return this.models.size;
  }

  has(name: string): boolean {
    return this.present.has(name) || this.parts.store.has(name);
  }

  /** Gives an existing sequence. @throws EddyError `sequence-unknown`, `sequence-name-invalid`, `store-damaged` */
  get(name: string): Sequence {
    const sequence = this.present.get(name);
    if (sequence) return sequence;
    checkName(name);
    if (!this.parts.store.has(name)) throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
    return this.enter(bringBack(this.partsOf(name)));
  }

  /**
   * Opens a sequence: creates it, or finds it.
   *
   * @throws EddyError `sequence-*`, `spec-*`, `store-*`
   */
  open(name: string, mode: OpenMode, spec: unknown): { sequence: Sequence; created: boolean } {
    checkName(name);
    const created = !this.has(name);
    if (created && mode === 'resume')
      throw new EddyError('sequence-unknown', `there is no sequence ${name} to resume`);
    if (!created && mode === 'create')
      throw new EddyError('sequence-exists', `sequence ${name} exists already`);
    const sequence = created ? this.create(name, spec) : this.get(name);
    sequence.checkAlive();
    if (spec !== undefined && !isSameSpec(parseSpec(spec), sequence.spec))
      throw new EddyError('spec-conflict', `sequence ${name} exists with a different model spec`);
    sequence.announce('opened', { created });
    return { sequence, created };
  }

  /** Holds a sequence for a socket, until `release`. */
  hold(sequence: Sequence): void {
    sequence.holders++;
  }

  release(sequence: Sequence): void {
    sequence.holders--;
    this.lookLater();
  }

  /** Gives the names of all known sequences after `after`, in order, with those that are in memory. */
  *list(after?: string): Iterable<{ readonly name: string; readonly sequence: Sequence | null }> {
    for (const name of this.parts.store.names(after))
      yield { name, sequence: this.present.get(name) ?? null };
  }

  /** Deletes a sequence for good; resolves when that is durable. @throws EddyError `sequence-unknown` */
  async remove(name: string): Promise<void> {
    checkName(name);
    const sequence = this.present.get(name);
    if (!this.has(name)) throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
    if (sequence) {
      sequence.announce('evicted', { reason: 'removed', last: sequence.seq });
      sequence.end(new EddyError('sequence-unknown', `sequence ${name} was removed`));
      this.present.delete(name);
    }
    await this.parts.store.remove(name);
  }

  /** Exports a whole sequence as a file. @throws EddyError `sequence-*`, `store-*` */
  exportOf(name: string): Uint8Array {
    const { epoch, model } = this.get(name);
    return writeSequence(name, epoch, model, this.parts.clock.wall());
  }

  /**
   * Creates a sequence from a file, in a new epoch; resolves when it is durable.
   *
   * @throws EddyError `sequence-*`, `snapshot-invalid`, `spec-invalid`, `store-unavailable`; then nothing is created
   */
  async importAs(name: string, file: Uint8Array): Promise<void> {
    const { store, newEpoch, clock } = this.parts;
    checkName(name);
    if (this.has(name)) throw new EddyError('sequence-exists', `sequence ${name} exists already`);
    this.checkRoom();
    const state = readSequence(file);
    const { model } = fromState(state, 0, (spec) => this.models.make(spec));
    const spec = { ...model.spec };
    model.free();
    const epoch = newEpoch();
    const log = store.open(name, { onDurable: () => undefined, onCheckpoint: () => undefined });
    const position = log.append({ kind: 'created', epoch, spec }) + 1;
    log.checkpoint({ position, savedAt: clock.wall(), state: { ...state, epoch } });
    log.close();
    await store.flushed();
  }

  /** Saves all sequences and ends them; resolves when everything is durable. */
  async end(): Promise<void> {
    this.looking?.unsubscribe();
    this.looking = null;
    for (const sequence of this.present.values()) {
      sequence.sleep('shutdown');
      sequence.end(new EddyError('server-shutdown', 'the server is shutting down'));
    }
    this.present.clear();
    await this.parts.store.close();
  }

  private create(name: string, spec: unknown): Sequence {
    if (spec === undefined)
      throw new EddyError(
        'spec-required',
        `sequence ${name} does not exist yet; creating it needs a model spec`,
      );
    this.checkRoom();
    return this.enter(createSequence(this.partsOf(name), parseSpec(spec)));
  }

  /** @throws EddyError `store-unavailable`, `sequence-limit` */
  private checkRoom(): void {
    const { store, limits } = this.parts;
    if (store.failure) throw store.failure;
    if (store.size >= limits.sequences)
      throw new EddyError('sequence-limit', `the server already knows ${limits.sequences} sequences`);
  }

  private enter(sequence: Sequence): Sequence {
    this.present.set(sequence.name, sequence);
    return sequence;
  }

  private partsOf(name: string): SequenceParts {
    const { keeping, ...parts } = this.parts;
    const { models } = this;
    return { ...parts, name, channel: ++this.lastChannel, models, checkpointSteps: keeping.steps };
  }

  /** Keeps checking as long as any sequence is left to put to sleep or to drop. */
  private lookLater(): void {
    this.looking ??= this.parts.clock.scheduler.schedule(() => {
      this.looking = null;
      this.look();
      for (const sequence of this.present.values())
        if (sequence.isAwake || !sequence.isHeld) return this.lookLater();
    }, LOOK_MS);
  }

  /** Puts idle sequences to sleep, saves those changed long ago, and drops those that nobody uses. */
  private look(): void {
    const { keeping, clock } = this.parts;
    const now = clock.monotonic();
    for (const sequence of this.present.values()) {
      if (sequence.isAwake) {
        const idleMs = now - sequence.lastActive;
        if (idleMs >= keeping.idleMs) {
          sequence.announce('idle', { ms: Math.round(idleMs) });
          sequence.sleep('idle');
        } else if (now - sequence.lastKept >= keeping.ms) sequence.keep();
      }
      if (sequence.isForgettable) {
        sequence.end(new EddyError('sequence-unknown', `sequence ${sequence.name} is asleep`));
        this.present.delete(sequence.name);
      }
    }
  }
}

function checkName(name: string): void {
  if (!SEQUENCE_NAME.test(name))
    throw new EddyError(
      'sequence-name-invalid',
      `${JSON.stringify(name.slice(0, 140))} is not a name: 1 to 128 of A-Z a-z 0-9 . _ : / -, a letter or digit first`,
    );
}

/** The sequences that are known, by name: those that are awake, and those that sleep in the store. */
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
  /** Tells of a fault of Eddy's own, or of the store. */
  readonly onFault: (error: unknown) => void;
}

/** When a sequence is kept. */
export interface Keeping {
  /** Steps, and milliseconds, after which a checkpoint is made; fewer steps where they cost much. */
  readonly steps: number;
  readonly ms: number;
  /** Milliseconds without a step after which it is put to sleep. */
  readonly idleMs: number;
}

export type OpenMode = 'create' | 'resume' | 'either';

/** Milliseconds between two looks at who is idle and what is to be kept. */
const LOOK_MS = 1000;

export class Registry {
  /** Those that somebody uses, or used a moment ago. */
  private readonly present = new Map<string, Sequence>();
  private readonly models: ModelRoom;
  private lastChannel = 0;
  private looking: Subscription | null = null;

  constructor(private readonly parts: RegistryParts) {
    const { kernels, clock, limits } = parts;
    this.models = new ModelRoom({ kernels, limits, now: () => clock.monotonic() });
    this.models.woken$.subscribe(() => this.lookLater());
  }

  /** How many sequences are known. */
  get size(): number {
    return this.parts.store.size;
  }

  /** How many of them are awake. */
  get awakeSize(): number {
    return this.models.size;
  }

  has(name: string): boolean {
    return this.present.has(name) || this.parts.store.has(name);
  }

  /** Gives a sequence that exists. @throws EddyError `sequence-unknown`, `sequence-name-invalid`, `store-damaged` */
  get(name: string): Sequence {
    const sequence = this.present.get(name);
    if (sequence) return sequence;
    checkName(name);
    if (!this.parts.store.has(name)) throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
    return this.enter(bringBack(this.partsOf(name)));
  }

  /**
   * Opens a sequence: makes it, or finds it.
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
      throw new EddyError('spec-conflict', `sequence ${name} exists with another model spec`);
    sequence.announce('opened', { created });
    return { sequence, created };
  }

  /** A socket has opened the sequence; it gives it back with `release`. */
  hold(sequence: Sequence): void {
    sequence.holders++;
  }

  release(sequence: Sequence): void {
    sequence.holders--;
    this.lookLater();
  }

  /** Gives the names of all that are known, in order, from the first after `after`; and those of them that are present. */
  *list(after?: string): Iterable<{ readonly name: string; readonly sequence: Sequence | null }> {
    for (const name of this.parts.store.names(after))
      yield { name, sequence: this.present.get(name) ?? null };
  }

  /** Forgets a sequence for good; resolves when that is durable. @throws EddyError `sequence-unknown` */
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

  /** Gives a whole sequence as a file. @throws EddyError `sequence-*`, `store-*` */
  exportOf(name: string): Uint8Array {
    const { epoch, model } = this.get(name);
    return writeSequence(name, epoch, model, this.parts.clock.wall());
  }

  /**
   * Makes a sequence of a file, in a new epoch; resolves when it is durable.
   *
   * @throws EddyError `sequence-*`, `snapshot-invalid`, `spec-invalid`, `store-unavailable`; nothing is made then
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

  /** Keeps all sequences in the store and ends them; resolves when everything is durable. */
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
      throw new EddyError('spec-required', `sequence ${name} is new, so it needs a model spec`);
    this.checkRoom();
    return this.enter(createSequence(this.partsOf(name), parseSpec(spec)));
  }

  /** @throws EddyError `store-unavailable`, `sequence-limit` */
  private checkRoom(): void {
    const { store, limits } = this.parts;
    if (store.failure) throw store.failure;
    if (store.size >= limits.sequences)
      throw new EddyError('sequence-limit', `${limits.sequences} sequences are known already`);
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

  /** Looks as long as there is anything that will have to be put to sleep or let go of. */
  private lookLater(): void {
    this.looking ??= this.parts.clock.scheduler.schedule(() => {
      this.looking = null;
      this.look();
      for (const sequence of this.present.values())
        if (sequence.isAwake || !sequence.isHeld) return this.lookLater();
    }, LOOK_MS);
  }

  /** Puts to sleep what is idle, keeps what has changed long ago, and lets go of what nobody uses. */
  private look(): void {
    const { keeping, clock } = this.parts;
    const now = clock.monotonic();
    for (const sequence of this.present.values()) {
      if (sequence.isAwake) {
        const idleMs = now - sequence.lastActive;
        if (idleMs >= keeping.idleMs) {
          sequence.announce('idle', { ms: idleMs });
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
      `${JSON.stringify(name.slice(0, 140))} is no name: 1 to 128 of A-Z a-z 0-9 . _ : / -, a letter or digit first`,
    );
}

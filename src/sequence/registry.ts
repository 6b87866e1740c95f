/** The known sequences, by name: those that are awake, and those asleep in the store. */
import { type Observable, Subject, type Subscription } from 'rxjs';
import { EddyError } from '../errors.js';
import { parseSchema, type SchemaInput } from '../fields/sequence-schema.js';
import { finish, type Pieces } from '../math/pieces.js';
import { type LearningOfMany, learningOf } from './learning-of.js';
import { ModelRoom } from './model-room.js';
import { inTime } from './not-durable.js';
import { bringBack, createSequence } from './open-sequence.js';
import { PAST_LIMITS } from './past/past.js';
import type { Opening, OpenMode, RegistryParts } from './registry-parts.js';
import type { Sequence } from './sequence.js';
import { writeSequence } from './sequence-file.js';
import { healthOf, noHealth, type SequenceHealth } from './sequence-health.js';
import { checkName } from './sequence-name.js';
import type { SequenceParts } from './sequence-parts.js';
import { type Summary, toldOf } from './summary.js';
import { exportSequence, importSequence } from './transfer.js';
import { FairTurns } from './work/fair-turns.js';
import { NamedWork } from './work/named-work.js';

export type { Keeping, Opening, OpenMode, RegistryParts } from './registry-parts.js';

/** Milliseconds between two checks for idle and unsaved sequences. */
const LOOK_MS = 1000;

export class Registry {
  /** Sequences in use, or used a moment ago. */
  private readonly present = new Map<string, Sequence>();
  private readonly models: ModelRoom;
  private lastChannel = 0;
  /** Long work of all sequences. */
  readonly turns: FairTurns;
  /** Requests about sequences, one at a time for each name. */
  readonly work: NamedWork;
  /** The names of sequences that were deleted. */
  readonly removed$ = new Subject<string>();
  private looking: Subscription | null = null;

  constructor(private readonly parts: RegistryParts) {
    const { kernels, clock, limits, grain, onSlice, onFault } = parts;
    this.models = new ModelRoom({ kernels, limits, now: () => clock.monotonic() });
    this.turns = new FairTurns({ clock, onFault, ...(grain && { grain }), ...(onSlice && { onSlice }) });
    this.work = new NamedWork(this.turns);
    this.models.woken$.subscribe(() => this.lookLater());
  }

  /** The names of sequences that wake, new ones included. */
  get woken$(): Observable<string> {
    return this.models.woken$;
  }

  /** The number of known sequences. */
  get size(): number {
    return this.parts.store.size;
  }

  /** The number of awake sequences. */
  get awakeSize(): number {
    return this.models.size;
  }

  /** How many of the sequences in memory have each health. */
  healthCounts(): Record<SequenceHealth['state'], number> {
    const counts = noHealth();
    for (const sequence of this.present.values()) {
      const health = healthOf(sequence, this.parts.clock);
      if (health) counts[health.state]++;
    }
    return counts;
  }

  /** Bytes of the store's file, and of the pages of the past in it. */
  get storeBytes(): { file: number; pages: number } {
    const { fileBytes: file, pageBytes: pages } = this.parts.store;
    return { file, pages };
  }

  /** Tells how those of the sequences in memory do whose names fit, up to so many in the order of their names. */
  learningOf(isWanted: (name: string) => boolean, most: number): LearningOfMany {
    return learningOf(this.present.values(), isWanted, most, this.parts.clock);
  }

  has(name: string): boolean {
    return this.present.has(name) || this.parts.store.has(name);
  }

  /** Gives an existing sequence. @throws EddyError `sequence-unknown`, `sequence-name-invalid`, `store-damaged` */
  get(name: string): Sequence {
    return this.present.get(name) ?? finish(this.finding(name));
  }

  /** Finds an existing sequence, in pieces. @throws EddyError as `get` does */
  *finding(name: string): Pieces<Sequence> {
    const sequence = this.present.get(name);
    if (sequence) return sequence;
    checkName(name);
    if (!this.parts.store.has(name)) throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
    return this.enter(yield* bringBack(this.partsOf(name)));
  }

  /**
   * Opens a sequence: creates it, or finds it.
   *
   * @throws EddyError `sequence-*`, `spec-*`, `field*`, `setting-invalid`, `store-*`
   */
  open(name: string, mode: OpenMode, asked: SchemaInput): Opening {
    return finish(this.opening(name, mode, asked));
  }

  /** Opens a sequence, in pieces. No other work on the same name may be under way. @throws EddyError as `open` does */
  *opening(name: string, mode: OpenMode, asked: SchemaInput): Pieces<Opening> {
    checkName(name);
    const created = !this.has(name);
    if (created && mode === 'resume')
      throw new EddyError('sequence-unknown', `there is no sequence ${name} to resume`);
    if (!created && mode === 'create')
      throw new EddyError('sequence-exists', `sequence ${name} exists already`);
    const sequence = created ? yield* this.creating(name, asked) : yield* this.finding(name);
    // what waits is answered before: who opens it again because a step was refused does not hear of those behind it any more
    if (sequence.isBusy) yield* sequence.through({ kind: 'look', isIdle: true, look: () => null });
    sequence.checkAlive();
    const order = created ? null : sequence.fit(asked);
    sequence.announce('opened', { created });
    return { sequence, created, order };
  }

  /** Holds a sequence for a socket, until `release`. */
  hold(sequence: Sequence): void {
    sequence.holders++;
  }

  release(sequence: Sequence): void {
    sequence.holders--;
    this.lookLater();
  }

  /** Gives the names of all known sequences after `after`, in order. */
  names(after?: string): Iterable<string> {
    return this.parts.store.names(after);
  }

  /** Gives a sequence that is in memory, or null. */
  inMemory(name: string): Sequence | null {
    return this.present.get(name) ?? null;
  }

  /** Gives what is told of a sequence that is not in memory, without waking it. */
  summaryOf(name: string): Partial<Summary> {
    return toldOf(this.parts.store, name);
  }

  /** Deletes a sequence for good; resolves when that is durable. @throws EddyError `sequence-unknown` */
  async remove(name: string): Promise<void> {
    checkName(name);
    const sequence = this.present.get(name);
    if (!this.has(name)) throw new EddyError('sequence-unknown', `there is no sequence ${name}`);
    if (this.parts.store.failure) throw this.parts.store.failure;
    if (sequence) {
      sequence.announce('evicted', { reason: 'removed', last: sequence.seq });
      sequence.end(new EddyError('sequence-unknown', `sequence ${name} was removed`));
      this.present.delete(name);
    }
    this.removed$.next(name);
    await inTime(this.parts.store.remove(name), this.parts);
  }

  /** Exports a whole sequence as a file. @throws EddyError `sequence-*`, `store-*` */
  exportOf(name: string): Uint8Array {
    return finish(writeSequence(name, this.get(name).awake(), this.parts.clock.wall()));
  }

  /** Exports a whole sequence, in pieces: it stays as it is meanwhile. @throws EddyError as `exportOf` does */
  *exporting(name: string): Pieces<Uint8Array> {
    return yield* exportSequence(yield* this.finding(name), this.parts.clock.wall());
  }

  /**
   * Creates a sequence from a file, in a new epoch; resolves when it is durable.
   *
   * @throws EddyError `sequence-*`, `snapshot-invalid`, `spec-invalid`, `store-unavailable`; then nothing is created
   */
  async importAs(name: string, file: Uint8Array): Promise<void> {
    await finish(this.importing(name, file));
  }

  /** Creates a sequence from a file, in pieces. @throws EddyError as `importAs` does */
  importing(name: string, file: Uint8Array): Pieces<Promise<void>> {
    checkName(name);
    const checkFree = () => {
      if (this.has(name)) throw new EddyError('sequence-exists', `sequence ${name} exists already`);
      this.checkRoom();
    };
    return importSequence({ ...this.parts, models: this.models, checkFree }, name, file);
  }

  /** Saves all sequences and ends them; resolves when everything is durable. */
  async end(): Promise<void> {
    this.looking?.unsubscribe();
    this.looking = null;
    this.turns.end();
    for (const sequence of this.present.values()) {
      sequence.shutDown(new EddyError('server-shutdown', 'the server is shutting down'));
    }
    this.present.clear();
    await this.parts.store.close();
  }

  private *creating(name: string, asked: SchemaInput): Pieces<Sequence> {
    if (asked.spec === undefined)
      throw new EddyError(
        'spec-required',
        `sequence ${name} does not exist yet; creating it needs a model spec`,
      );
    this.checkRoom();
    const { spec, schema } = parseSchema(asked);
    return this.enter(yield* createSequence(this.partsOf(name), spec, schema));
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
    this.lookLater();
    return sequence;
  }

  private partsOf(name: string): SequenceParts {
    const { keeping, past = PAST_LIMITS, ...parts } = this.parts;
    const { models, turns } = this;
    return {
      ...parts,
      past,
      name,
      channel: ++this.lastChannel,
      models,
      turns,
      checkpointSteps: keeping.steps,
    };
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

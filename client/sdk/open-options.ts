/** What a producer says: of a sequence when it opens it, and of each step. */
import type { Observable } from 'rxjs';
import type { ResamplingInput } from '../../src/features/resampling.js';
import type { FieldInput, Reading } from '../../src/fields/field.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';

/** A model spec in which fields may be named: `features` and `outputs` follow from the names where they are left out. */
export type NamedSpec = Omit<ModelSpecInput, 'features' | 'task'> & {
  readonly features?: number | undefined;
  readonly task?:
    | undefined
    | (Omit<Extract<ModelSpecInput['task'], { kind: 'forecast' }>, 'targets'> & {
        readonly targets?: readonly (number | string)[] | undefined;
      })
    | (Omit<Extract<ModelSpecInput['task'], { kind: 'supervised' }>, 'outputs'> & {
        readonly outputs?: number | undefined;
      });
};

export interface OpenOptions {
  /** The model, where the sequence may have to be made. Gaps are held where it does not say `inputs.missing`. */
  readonly spec?: NamedSpec;
  /**
   * What the numbers of x are: names, or names with units. A sequence that exists has to have the same, in whatever order: x
   * is in the order given here.
   */
  readonly fields?: readonly FieldInput[];
  /** What the numbers of a supervised target are, or the classes of a softmax. */
  readonly targets?: readonly FieldInput[];
  /** How readings become steps, at equal distances: `{ every: '10s', of: { flow: 'sum' } }`. The sequence then takes appends only. */
  readonly resample?: ResamplingInput;
  /** `create` a new sequence, `resume` one that exists, or `either`, which is the default. */
  readonly mode?: 'create' | 'resume' | 'either';
  /** Steps that may be held un-acked, sent or not; the server's `unackedSteps` if left out. */
  readonly outbox?: number;
  /**
   * What `push` does when the outbox is full: `fail` throws `outbox-full`; `drop-oldest-unsent` gives up the oldest
   * step that has never been sent (or, where all were, the new one), counts it and reports it.
   */
  readonly overflow?: Overflow;
}

export type Overflow = 'fail' | 'drop-oldest-unsent';

/** x [B,F], where null or NaN is a gap. */
export type StepValues = ArrayLike<number | null>;

/** Readings by the names of their fields: true and false are 1 and 0; null, or a field that is absent, is a gap. */
export type Readings = Readonly<Record<string, Reading | undefined>>;

/** A step: x [B,F], or readings by name, with its target [B,M] and its time in milliseconds since 1970 if they are known. */
export type StepParts = ({ readonly x: StepValues } | { readonly values: Readings }) & {
  readonly target?: ArrayLike<number> | undefined;
  /** Left out, the server stamps the arrival. */
  readonly t?: number | undefined;
};

/** A step as a source gives it: x [B,F] alone, or with more. */
export type StepInput = StepValues | StepParts;

export interface AppendOptions {
  /** Makes the append idempotent over the last 10,000 keys of the sequence; the client makes one of its own otherwise. */
  readonly key?: string;
}

export type StepSource = Observable<StepInput> | Iterable<StepInput> | AsyncIterable<StepInput>;

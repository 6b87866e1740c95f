import type { EddyError } from '../../src/errors.js';
import type { Asker, Refused } from '../../src/sequence/change.js';
import type { Sequence } from '../../src/sequence/sequence.js';

type Then = () => void;

/** Asks a sequence, and throws what it refuses at once. */
export const ask = (sequence: Sequence) => {
  const asked = (submit: (asker: Asker) => void, onDurable: (seq: number) => void, onRefused?: OnRefused) => {
    let refused: readonly Refused[] = [];
    submit({
      durable: onDurable,
      refused: (what) => {
        refused = what;
      },
      partly: (what) => {
        refused = what;
      },
    });
    for (const { error, seq, count } of refused) {
      if (!onRefused || count === null) throw error;
      for (let i = 0; i < count; i++) onRefused(error, seq! + i);
    }
  };
  return {
    push: (
      first: number,
      x: Float64Array,
      targets: Float64Array | undefined,
      onAck: (seq: number) => void,
      count = x.length / (sequence.spec.batch * sequence.spec.features),
      t: Float64Array | null = null,
    ) =>
      asked(
        (asker) => sequence.submit({ kind: 'steps', first, x, targets: targets ?? null, t, count, asker }),
        onAck,
      ),
    learn: (first: number, targets: Float64Array, onRefused: OnRefused, onDurable: Then = () => undefined) =>
      asked((asker) => sequence.submit({ kind: 'targets', first, targets, asker }), onDurable, onRefused),
    configure: (
      settings: { learning?: boolean | undefined; learningRate?: number | undefined },
      then: Then = () => undefined,
    ) => asked((asker) => sequence.submit({ kind: 'configure', ...settings, asker }), then),
    reset: (what: 'state' | 'weights', then: Then = () => undefined) =>
      asked((asker) => sequence.submit({ kind: 'reset', what, asker }), then),
    checkpoint: (then: Then) => asked((asker) => sequence.submit({ kind: 'checkpoint', asker }), then),
  };
};

type OnRefused = (error: EddyError, seq: number) => void;

/** Models as files, and rows of signals for them. */
import { unnamedSchema } from '../../src/fields/sequence-schema.js';
import { finish } from '../../src/math/pieces.js';
import type { Model } from '../../src/rnn/model.js';
import type { ModelSpec } from '../../src/rnn/spec/spec.js';
import { Course } from '../../src/sequence/course.js';
import { writeSequence } from '../../src/sequence/sequence-file.js';

/** The file of a sequence that has this model. */
export const exportModel = (model: Model): Uint8Array =>
  finish(writeSequence('pump', new Course(model, 'epoch-1', unnamedSchema(model.spec)), 0));

export interface Row {
  readonly x: (number | null)[];
  readonly t: number;
}

/** Gives rows of waves with a season, a drift and noise; with gaps where the spec holds them. */
export function rowsOf({ batch, features, inputs }: ModelSpec, count: number, season = 24): Row[] {
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  };
  return Array.from({ length: count }, (_, step) => ({
    x: Array.from({ length: batch * features }, (_, i) => {
      const value =
        1000 + 20 * i + 5 * Math.sin((2 * Math.PI * (step + 3 * i)) / season) + 0.002 * step + 0.6 * random();
      return inputs.missing === 'hold' && random() > 0.45 ? null : value;
    }),
    t: Date.UTC(2024, 0, 15) + step * 3_600_000 + Math.round(random() * 1000),
  }));
}

/**
 * Eddy through its public `Model`, scaler none. A step is a model without a readout. An update is 32 steps of a
 * forecast with k1 = k2 = 32, so it contains everything that serving does: checks of x, predictions, their scores,
 * copies of h and y at every step. Its weights cannot be given, so it begins with its own, and the check uses these.
 */
import { load } from '../packages.mjs';
import { CHECKED_STEPS, WINDOW } from '../protocol.mjs';
import { ROWS, rowsOf } from './arrays.mjs';

/** Updates before the check, so that no bias is 0 any more. */
const FIRST_UPDATES = 4;

let eddy;

/** @type {import('../protocol.mjs').Peer} */
export const peer = {
  async load() {
    eddy = await load('../../../dist/src/index.js', 'npm run build');
    return {};
  },

  open(_, job) {
    const { kind, features, units, learningRate } = job;
    const model = new eddy.Model({
      features,
      units,
      readout: { kind: kind === 'step' ? 'none' : 'linear' },
      learner: { kind: 'tbptt', k1: WINDOW, k2: WINDOW },
      optimizer: { kind: 'sgd', learningRate, momentum: 0, clipNorm: null },
      scaler: { kind: 'none' },
    });
    const rows = rowsOf(job);
    let at = 0;
    const carry = (steps) => {
      let h;
      for (let i = 0; i < steps; i++) {
        h = model.step(rows[at]).h;
        at = (at + 1) % ROWS;
      }
      return h;
    };

    if (kind === 'update') {
      carry(FIRST_UPDATES * WINDOW + 1);
      model.reset('state');
      at = 0;
    }
    return {
      weights: model.weights,
      check() {
        if (kind === 'step') return { h: carry(CHECKED_STEPS) };
        // a window's last target is the step after it
        carry(WINDOW + 1);
        return { weights: model.weights };
      },
      run: (count) => void carry(kind === 'step' ? count : count * WINDOW),
      close: () => model.free(),
    };
  },
};

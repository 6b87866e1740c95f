/**
 * The kernel that writes what the cell gets of a timestep: contract, reference, and the way to the module. See
 * ../rnn/io/cell-inputs.ts for what that is.
 */
import type { Address, Reals } from './arena.js';
import { scalerObserve, scalerScale } from './scaler-columns.js';

/**
 * Where the numbers of the inputs lie in the columns, and how many there are; the kernel is told where this list itself
 * lies. B batch rows of F features, K of which are looked back at, over L changes and lags.
 */
export const INPUTS = {
  B: 0,
  F: 1,
  K: 2,
  /** How far apart the rows lie that are written. */
  stride: 3,
  /** Steps of each change [count], and of each lag [count]. */
  changes: 4,
  changeCount: 5,
  lags: 6,
  lagCount: 7,
  /** The last known values [B,F], 1 for what is known at all, and what is given now, NaN for what is missing. */
  x: 8,
  isKnown: 9,
  given: 10,
  /** Which of the [B,F] are looked back at [B,K]. */
  places: 11,
  /** Statistics of the features [F], and of the changes [L,K]; 0 without. What a sample's weight is multiplied by. */
  scaler: 12,
  changeScaler: 13,
  decay: 14,
  history: 15,
  historyRows: 16,
  known: 17,
  /** The changes of this step [B,L,K], NaN where one is unknown. */
  changed: 18,
  length: 20,
} as const;

const LARGEST = 3.4028234663852886e38;

export interface InputKernels {
  /** Writes x, its changes and its lagged values to rows of z; then the step joins the statistics. */
  writeInputs(c: Float64Array, m: Reals, plan: Address, z: Address, slot: number, seen: number): void;
}

export const inputReference: InputKernels = {
  writeInputs(c, m, plan, z, slot, seen) {
    const of = (name: keyof typeof INPUTS) => c[plan + INPUTS[name]];
    const [B, F, K, L, rows] = [of('B'), of('F'), of('K'), of('changeCount'), of('historyRows')];
    const [scaler, changeScaler, decay] = [of('scaler'), of('changeScaler'), of('decay')];
    const knows = (back: number, i: number) => back < rows && seen - back > c[of('known') + i];
    const read = (back: number, i: number) =>
      c[of('history') + (slot - back < 0 ? slot - back + rows : slot - back) * B * K + i];
    for (let r = 0; r < B; r++) {
      let to = z + r * of('stride');
      for (let i = 0; i < F; i++) {
        const value = c[of('x') + r * F + i];
        // the 0 of a feature that was never known is no reading
        const isScaled = scaler > 0 && c[of('isKnown') + r * F + i] !== 0;
        m[to++] = isScaled ? scalerScale(c, scaler, F, i, value, true) : value;
      }
      for (let l = 0; l < L; l++) {
        const lag = c[of('changes') + l];
        for (let k = 0; k < K; k++) {
          const i = r * K + k;
          const isKnown = knows(lag, i);
          const change = isKnown ? read(0, i) - read(lag, i) : 0;
          m[to++] =
            changeScaler > 0
              ? scalerScale(c, changeScaler, L * K, l * K + k, change, false)
              : Math.min(LARGEST, Math.max(-LARGEST, change));
          const isGiven = isKnown && !Number.isNaN(c[of('given') + c[of('places') + i]]);
          c[of('changed') + (r * L + l) * K + k] = isGiven ? change : Number.NaN;
        }
      }
      for (let l = 0; l < of('lagCount'); l++) {
        const lag = c[of('lags') + l];
        for (let k = 0; k < K; k++) {
          const i = r * K + k;
          if (!knows(lag, i)) m[to++] = 0;
          else if (scaler === 0) m[to++] = read(lag, i);
          else m[to++] = scalerScale(c, scaler, F, c[of('places') + i] % F, read(lag, i), true);
        }
      }
    }
    for (let r = 0; r < B; r++) {
      for (let i = 0; i < F && scaler > 0; i++)
        scalerObserve(c, scaler, F, i, c[of('given') + r * F + i], decay, true);
      for (let i = 0; i < L * K && changeScaler > 0; i++)
        scalerObserve(c, changeScaler, L * K, i, c[of('changed') + r * L * K + i], decay, false);
    }
  },
};

/** Kernels as the module exports them: without arrays, and with addresses in bytes. */
export interface InputExports {
  writeInputs(plan: number, z: number, slot: number, seen: number): void;
}

export const inputsOnWasm = (wasm: InputExports): InputKernels => ({
  writeInputs: (_c, _m, plan, z, slot, seen) => wasm.writeInputs(8 * plan, 4 * z, slot, seen),
});

/**
 * The gradient of a loss with respect to x, from that with respect to what the cell gets of it: see cell-inputs.ts. Through
 * lags and changes a step has its part in later ones; the features of its time are no part of x.
 */
import type { Address, Reals } from '../../kernels/kernels.js';
import type { Relevance } from './relevance.js';
import type { StandardScaler } from './scaler.js';

/** How inputs are made of x [B,F]. */
export interface InputForm {
  readonly batch: number;
  readonly features: number;
  readonly changes: readonly number[];
  readonly lags: readonly number[];
  /** Which of the [B,F] are looked back at, [B,K]. */
  readonly lookedBackAt: Int32Array;
  readonly scaler: StandardScaler | null;
  readonly changeScaler: StandardScaler | null;
  readonly relevance: Relevance | null;
}

/**
 * Carries dL/dinputs [T,B,size], rows `stride` apart, back to x [T,B,F] in the user's units, by the statistics of now.
 *
 * @param since the first of the T steps, counted from the beginning of its history
 */
export function inputGradient(
  form: InputForm,
  m: Reals,
  dz: Address,
  stride: number,
  T: number,
  since: number,
  out: Reals,
): void {
  const { batch: B, features: F, changes, lags, lookedBackAt, scaler, changeScaler, relevance } = form;
  const K = lookedBackAt.length / B;
  const share = (deviation: number | undefined) =>
    deviation === undefined ? 1 : deviation > 0 ? 1 / deviation : 0;
  const add = (t: number, i: number, value: number) => {
    if (t >= 0) out[t * B * F + i]! += value;
  };
  // what lay before the first step was no part of x
  const isThere = (t: number, lag: number) => since + t >= lag;
  for (let t = 0; t < T; t++)
    for (let row = 0; row < B; row++) {
      let at = dz + (t * B + row) * stride;
      for (let i = 0; i < F; i++)
        add(t, row * F + i, m[at++]! * share(scaler?.deviationOf(i)) * (relevance?.share[i] ?? 1));
      for (const [l, lag] of changes.entries())
        for (let k = 0; k < K; k++) {
          const part = isThere(t, lag) ? m[at]! * share(changeScaler?.deviationOf(l * K + k)) : 0;
          at++;
          const i = lookedBackAt[row * K + k]!;
          add(t, i, part);
          add(t - lag, i, -part);
        }
      for (const lag of lags)
        for (let k = 0; k < K; k++) {
          const i = lookedBackAt[row * K + k]!;
          add(t - lag, i, isThere(t, lag) ? m[at]! * share(scaler?.deviationOf(i % F)) : 0);
          at++;
        }
    }
}

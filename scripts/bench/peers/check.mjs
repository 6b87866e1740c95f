/** Compares what a peer came to with the reference. */
import { solve } from './reference.mjs';

/** Of the states, and of the weights relative to their scale. */
const TOLERANCE = 1e-4;
/** Of the change of the weights, relative to its scale, so that an update that does nothing does not pass. */
const CHANGE_TOLERANCE = 1e-2;

/** The largest absolute number of `at(i)`, or NaN where there is one. @param {number} length @param {(i: number) => number} at */
function largest(length, at) {
  let found = 0;
  for (let i = 0; i < length; i++) {
    const value = Math.abs(at(i));
    if (!(value <= found)) found = value;
    if (Number.isNaN(found)) break;
  }
  return found;
}

/**
 * Gives how far the result is off, and whether that is too far.
 *
 * @param {import('./protocol.mjs').Job} job the work, with the weights that the peer really had
 * @param {import('./protocol.mjs').Result} result
 */
export function check(job, result) {
  const { h, weights } = solve(job);
  if (h) {
    const error = result.h?.length === h.length ? largest(h.length, (i) => result.h[i] - h[i]) : Number.NaN;
    return { error, passed: error < TOLERANCE };
  }
  let worst = 0;
  let passed = true;
  for (const [name, right] of Object.entries(weights)) {
    const [before, after] = [job.weights[name], result.weights?.[name]];
    const isWhole = after?.length === right.length;
    const off = isWhole ? largest(right.length, (i) => after[i] - right[i]) : Number.NaN;
    const error = off / largest(right.length, (i) => right[i]);
    const change = largest(right.length, (i) => right[i] - before[i]);
    passed &&= error < TOLERANCE && off < change * CHANGE_TOLERANCE;
    worst = Number.isNaN(error) ? error : Math.max(worst, error);
  }
  return { error: worst, passed };
}

/** Measures all peers at one size: each is checked, then they take turns, and the median over the rounds counts. */
import { check } from './check.mjs';

/**
 * @typedef {object} StepPace
 * @property {number} rounds
 * @property {number} seconds of one measurement
 * @property {number} warmUp seconds
 *
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} [us] median over the rounds
 * @property {number[]} [all] us of each round
 * @property {number} [error] how far the check was off
 * @property {string} [failed] why it was not timed
 */

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {import('./process.mjs').PeerProcess} peer
 * @param {import('./protocol.mjs').Job} job
 * @param {StepPace} pace
 * @returns {Promise<Figure>}
 */
async function open(peer, job, { warmUp }) {
  const { name } = peer.row;
  const { result, weights, error } = await peer.ask({ open: job, seconds: warmUp });
  if (error) return { name, failed: error };
  const verdict = check(weights ? { ...job, weights } : job, result);
  if (!verdict.passed)
    return { name, error: verdict.error, failed: `off by ${verdict.error.toExponential(1)}` };
  return { name, error: verdict.error, all: [] };
}

/**
 * @param {import('./process.mjs').PeerProcess[]} peers
 * @param {import('./protocol.mjs').Job} job
 * @param {StepPace} pace
 * @returns {Promise<Figure[]>}
 */
export async function measure(peers, job, pace) {
  const entries = [];
  for (const peer of peers) entries.push({ peer, figure: await open(peer, job, pace) });
  for (let round = 0; round < pace.rounds; round++)
    for (let i = 0; i < entries.length; i++) {
      const { peer, figure } = entries[(i + round) % entries.length];
      if (figure.failed) continue;
      const { us, error } = await peer.ask({ time: pace.seconds });
      if (error) figure.failed = error;
      else figure.all?.push(us);
    }
  for (const { peer, figure } of entries) {
    await peer.ask({ close: true });
    if (!figure.failed) figure.us = median(figure.all ?? []);
  }
  return entries.map(({ figure }) => figure);
}

/** Who forecasts: the forecasters of each output, with the share of each. */
import type { Model } from '../rnn/model.js';

export interface ForecasterShare {
  /** As in rnn/forecast/experts.ts. */
  readonly name: string;
  /** The share of its forecast in the mixture, in (0, 1]. */
  readonly weight: number;
}

/** Smaller shares are not told. */
const LEAST = 0.005;
/** Decimals of a share. */
const PLACES = 1e4;

type Told = Pick<Model, 'forecasters' | 'spec'>;

/** Gives those who made the last forecast of each of the M outputs, largest first, the mean over batch rows; null where the network forecasts alone. */
export function forecastersOf({ forecasters, spec }: Told): ForecasterShare[][] | null {
  if (!forecasters) return null;
  const { names, weights } = forecasters;
  const M = weights.length / (names.length * spec.batch);
  const ofOutput = (m: number) =>
    names.map((_, e) => {
      let sum = 0;
      for (let row = 0; row < spec.batch; row++) sum += weights[(row * M + m) * names.length + e]!;
      return sum / spec.batch;
    });
  return Array.from({ length: M }, (_, m) => sharesOf(names, ofOutput(m)));
}

/** Gives the shares of several outputs as one list, their mean. */
export function meanShares(outputs: readonly (readonly ForecasterShare[])[]): ForecasterShare[] {
  const sums = new Map<string, number>();
  for (const shares of outputs)
    for (const { name, weight } of shares) sums.set(name, (sums.get(name) ?? 0) + weight);
  return sharesOf(
    [...sums.keys()],
    [...sums.values()].map((sum) => sum / outputs.length),
  );
}

/** Gives the shares that are worth telling, largest first. */
export const sharesOf = (names: readonly string[], weights: readonly number[]): ForecasterShare[] =>
  names
    .map((name, e) => ({ name, weight: Math.round(weights[e]! * PLACES) / PLACES }))
    .filter(({ weight }) => weight > LEAST)
    .sort((a, b) => b.weight - a.weight);

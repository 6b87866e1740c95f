// What each part brings: the same series with a part left out.
import { Model } from '../../../dist/src/index.js';
import {
  mixtureLength,
  mixtureMix,
  mixtureObserve,
  NO_FORECAST,
} from '../../../dist/src/kernels/expert-mixture.js';
import { EXPERTS_LENGTH } from '../../../dist/src/kernels/forecast-plan.js';
import { EXPERTS } from '../../../dist/src/rnn/forecast/experts.js';
import { bestPlain, geometricMean } from './series.mjs';

const frozen = { kind: 'adam', learningRate: 1e-12 };
/** Specs that differ from the default in one part. */
export const SPECS = [
  { name: 'all of it (default)', spec: {} },
  { name: 'recurrent weights never learned (first weights)', spec: { optimizer: frozen } },
  { name: 'readout by the gradient alone', spec: { readout: { kind: 'linear', rule: 'gradient' } } },
  { name: 'the network alone', spec: { task: { forecaster: 'network' } } },
  { name: 'wild values taken as they come', spec: { inputs: { wild: 'take' } } },
];

const isOf =
  (...names) =>
  (name) =>
    !names.some((one) => name.includes(one));
/** Forecasters that are left out of the mixture. */
export const MIXTURES = [
  { name: 'mixture without the network', keeps: isOf('network') },
  { name: 'mixture without seasons', keeps: isOf('season') },
  { name: 'mixture without smoothing', keeps: isOf('smoothing') },
  { name: 'mixture without linear forecasts', keeps: isOf('linear') },
];

/** Mixes the forecasts of some forecasters of a default model again, beside it; gives an error over the last value's for each. */
function remix(one, h, baselines) {
  const { x } = one;
  const E = EXPERTS_LENGTH;
  const model = new Model({ features: 1, units: 32, task: { kind: 'forecast', horizon: [h] } });
  const length = mixtureLength(E);
  // a mixture, and behind it the forecasts [h + 1,E] that wait for their truths; of one more forecaster, who always sleeps
  const mixtures = MIXTURES.map(() => new Float64Array(length + (h + 1) * E).fill(NO_FORECAST, length));
  const forecasts = MIXTURES.map(() => x.map(() => Number.NaN));
  for (const [t, value] of x.entries()) {
    for (const [i, mixture] of mixtures.entries())
      if (t > h) mixtureObserve(mixture, 0, E, value, forecasts[i][t], length + (t % (h + 1)) * E);
    model.step([value]);
    if (t + h >= x.length) continue;
    for (const [i, { keeps }] of MIXTURES.entries()) {
      const at = length + ((t + h) % (h + 1)) * E;
      for (const [e, name] of EXPERTS.entries())
        mixtures[i][at + e] = keeps(name)
          ? (model.parts.forecasts.forecaster.forecastOf(e, t, 0) ?? NO_FORECAST)
          : NO_FORECAST;
      forecasts[i][t + h] = mixtureMix(mixtures[i], 0, E, at);
    }
  }
  model.free();
  const from = Math.floor(x.length / 3);
  const { base } = bestPlain(one, h, baselines);
  return forecasts.map((f) => baselines.mae(x, f, from, h) / base);
}

/** Geometric means of the mixtures, in order. */
export function scoreMixtures({ series, baselines }, h) {
  const rows = series.map((one) => remix(one, h, baselines));
  return MIXTURES.map((_, i) => geometricMean(rows.map((row) => row[i])));
}

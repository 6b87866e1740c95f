/** The health of a model in words that a user knows, with the numbers that it is told by. */
import {
  type HealthMonitor,
  JUDGED,
  JUDGED_NETWORK,
  type Judgement,
  LEAST_JUDGED,
  MOST,
  type ModelState,
} from './health.js';

/** Does the model forecast, and what is it judged against? */
export type Against = 'last' | 'season' | 'mean';

export interface Health {
  readonly state: ModelState | 'paused';
  /** Why, in a sentence or two. */
  readonly why: string;
}

/** A change of a model's health. */
export interface HealthChange {
  readonly from: Health['state'];
  readonly to: Health['state'];
  readonly why: string;
}

const BASELINES: Record<Against, string> = {
  last: 'repeating the last value',
  season: 'repeating the value of one season before',
  mean: 'saying the mean of the targets each time',
};

/** Gives the health of a model. @param learns does it learn? */
export function healthOf(monitor: HealthMonitor, against: Against | null, learns: boolean): Health {
  if (against === null)
    return { state: 'paused', why: 'The model makes no forecasts, so there is nothing that it learns from.' };
  const judgement = monitor.read();
  if (learns) return { state: judgement.state, why: whyOf(judgement, against) };
  const { scored } = judgement;
  const how = scored < LEAST_JUDGED ? '' : ` ${comparison(judgement, against)}`;
  return { state: 'paused', why: `Learning is switched off.${how}` };
}

function whyOf(judgement: Judgement, against: Against): string {
  const { state, scored, network, skipped } = judgement;
  if (state === 'warming-up')
    return `${scored} ${scored === 1 ? 'forecast has' : 'forecasts have'} met the values that came; a judgement takes ${LEAST_JUDGED} to ${JUDGED}.`;
  if (state !== 'diverged') return comparison(judgement, against);
  const end = 'A reset of the weights starts it over.';
  if (skipped > 0)
    return `The last ${skipped} updates were left out, since a weight would have become infinite. ${end}`;
  const times = network > 0.8 * MOST ? `over ${0.8 * MOST}` : network.toFixed(network < 10 ? 1 : 0);
  return `The network's own error over the last ${JUDGED_NETWORK} forecasts is ${times} times that of ${BASELINES[against]}. ${end}`;
}

/** Compares what was served with the baseline. */
function comparison({ scored, served }: Judgement, against: Against): string {
  const last = `The last ${Math.min(scored, JUDGED)} forecasts are`;
  const baseline = BASELINES[against];
  if (served === Number.POSITIVE_INFINITY)
    return `${last} worse than ${baseline}, which was right each time.`;
  const percent = Math.round(100 * Math.abs(served - 1));
  if (percent === 0) return `${last} as good as ${baseline}.`;
  return `${last} ${percent} % ${served < 1 ? 'better' : 'worse'} than ${baseline}.`;
}

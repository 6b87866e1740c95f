import { z } from 'zod';
import { channel, health, lastSeq, score, seq, time } from '../fields.js';
import { standOf } from './view-kind.js';

const scores = {
  scored: seq,
  mae: score,
  rmse: score,
  nrmse: score,
  mape: score,
  recentMae: score,
  recentRmse: score,
  naiveMae: score,
  recentNaiveMae: score,
  seasonalMae: score,
  recentSeasonalMae: score,
  skill: score,
  recentSkill: score,
  seasonalSkill: score,
  recentSeasonalSkill: score,
  coverage: score.optional(),
  recentCoverage: score.optional(),
  intervalWidth: score.optional(),
  recentIntervalWidth: score.optional(),
  intervalScore: score.optional(),
  intervalSkill: score.optional(),
};

/** Who forecasts, largest share first. */
const forecasters = z.array(z.object({ name: z.string(), weight: z.number() })).optional();

const schema = z.object({
  type: z.literal('metrics'),
  channel,
  seq: lastSeq,
  t: time.optional(),
  skipped: seq,
  updates: seq,
  anomaly: z.number(),
  health: health.optional(),
  ...scores,
  crossEntropy: score,
  recentCrossEntropy: score,
  accuracy: score,
  recentAccuracy: score,
  forecasters,
  outputs: z.array(
    z.object({
      output: seq,
      name: z.string().optional(),
      unit: z.string().optional(),
      feature: seq.nullable(),
      horizon: seq.nullable(),
      ...scores,
      forecasters,
    }),
  ),
});

export const metrics = { schema, needsReadout: true, ...standOf<z.output<typeof schema>>() };

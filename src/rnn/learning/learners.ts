/** The registry of learners. */
import { z } from 'zod';
import type { WindowSizes } from './gradient-method.js';
import type { Blocked, LearnerKind } from './learner-kind.js';
import { rtrl, rtrlSettings } from './rtrl.js';
import { snap1, snap1Settings } from './snap-1.js';
import { tbptt, tbpttSettings } from './tbptt.js';

export const learnerSettings = z.discriminatedUnion('kind', [tbpttSettings, rtrlSettings, snap1Settings]);

/** The settings of a learner, complete. */
export type LearnerSettings = Blocked<z.output<typeof learnerSettings>>;

const LEARNERS = { tbptt, rtrl, 'snap-1': snap1 };
export const LEARNER_NAMES = Object.keys(LEARNERS) as LearnerSettings['kind'][];

export const learnerOf = ({ kind }: Pick<LearnerSettings, 'kind'>): LearnerKind<LearnerSettings> =>
  LEARNERS[kind];

/** Gives the sizes of a training window: k1, and k2, or k1 again where the past is carried forward. */
export const windowSizesOf = ({ learner }: { readonly learner: LearnerSettings }): WindowSizes =>
  learnerOf(learner).windowSizes(learner);

/** Gives how many steps a window must keep for the learner. */
export const reachOf = (spec: { readonly learner: LearnerSettings }): number => windowSizesOf(spec).k2;

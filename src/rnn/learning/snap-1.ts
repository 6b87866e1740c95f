/**
 * SnAp-1 (Menick et al. 2021, section 3): of the influences of real-time recurrent learning only those that a weight has
 * within one step, on its own unit,
 *
 *   S_t = dh_t,j/dweight_ij [P]      S_t = (1 - h_t,j^2) (z_t,i + Wh_jj S_{t-1})
 *
 * Exact where Wh is diagonal; else it leaves out the influence that goes round through other units. (F + N + 1) N multiply-adds a step,
 * and as many numbers, for each batch row: what a step of the cell itself costs.
 */
import { z } from 'zod';
import type { Address, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import { InfluenceLearner, type InfluenceSettings } from './influence-learner.js';
import {
  cellSize,
  k1,
  type LearnerKind,
  type MethodParts,
  type MethodSize,
  reduction,
} from './learner-kind.js';

export const snap1Settings = z.strictObject({ kind: z.literal('snap-1'), k1, reduction });

export class Snap1 extends InfluenceLearner {
  static size(learner: InfluenceSettings, layout: ParameterLayout, batch: number): MethodSize {
    return InfluenceLearner.sizeOf(learner, layout, batch, cellSize(layout));
  }

  constructor(learner: InfluenceSettings, parts: MethodParts) {
    super(learner, parts, cellSize(parts.layout));
  }

  protected carry(m: Reals, home: Address, _now: Address, z: Address, h: Address): Address {
    this.influence.carryOwn(m, home, z, h);
    return home;
  }

  protected collect(m: Reals, g: Address, influences: Address, e: Address): void {
    this.influence.ownGradient(m, g, influences, e);
  }
}

export const snap1: LearnerKind<InfluenceSettings> = {
  needsInfluence: true,
  windowSizes: ({ k1 }) => ({ k1, k2: k1 }),
  size: Snap1.size,
  work: (_learner, { layout }) => 3 * cellSize(layout),
  create: (learner, parts) => new Snap1(learner, parts),
};

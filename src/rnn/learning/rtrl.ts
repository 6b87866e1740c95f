/**
 * Exact real-time recurrent learning (Williams and Zipser 1989): the influence of every weight on every unit,
 *
 *   J_t = dh_t/dweight [P,N]      J_t = (J_{t-1} Wh + dz_t) * (1 - h_t^2)
 *
 * The gradient of full backpropagation, however far back, at a price that does not grow with time: (F + N + 1) N^3
 * multiply-adds a step, and (F + N + 1) N^2 numbers, for each batch row.
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

export const rtrlSettings = z.strictObject({ kind: z.literal('rtrl'), k1, reduction });

const perRow = (layout: ParameterLayout) => cellSize(layout) * layout.units;

export class Rtrl extends InfluenceLearner {
  static size(learner: InfluenceSettings, layout: ParameterLayout, batch: number): MethodSize {
    const { kept, scratch } = InfluenceLearner.sizeOf(learner, layout, batch, perRow(layout));
    return { kept, scratch: scratch + perRow(layout) };
  }

  constructor(learner: InfluenceSettings, parts: MethodParts) {
    super(learner, parts, perRow(parts.layout));
  }

  protected carry(m: Reals, home: Address, now: Address, z: Address, h: Address): Address {
    const out = now === home ? this.spare : home;
    this.influence.carry(m, out, now, z, h);
    return out;
  }

  protected collect(m: Reals, g: Address, influences: Address, e: Address): void {
    this.influence.gradient(m, g, influences, e);
  }
}

export const rtrl: LearnerKind<InfluenceSettings> = {
  needsInfluence: true,
  windowSizes: ({ k1 }) => ({ k1, k2: k1 }),
  size: Rtrl.size,
  work: (_learner, { layout }) => perRow(layout) * (layout.units + 1),
  create: (learner, parts) => new Rtrl(learner, parts),
};

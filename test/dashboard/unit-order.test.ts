import { describe, expect, it } from 'vitest';
import { orderUnits, UNIT_ORDERS } from '../../client/dashboard/analysis/unit-order.js';
import { StateRing } from '../../client/dashboard/charts/state-ring.js';

/** Units in two families that go up and down together, in turns, and a still one. */
const states = () => {
  const ring = new StateRing(7, 500);
  for (let step = 0; step < 400; step++) {
    const [slow, fast] = [Math.sin(step / 9), Math.cos(step / 2)];
    ring.append(step, [0.9 * slow, 0.2 * fast, 0.8 * slow, 0.3 * fast, 0.5, 0.7 * slow, 0.4 * fast]);
  }
  return ring;
};

describe('the order of the units', () => {
  it('is a permutation, and the same for the same states', () => {
    for (const order of UNIT_ORDERS) {
      const units = orderUnits(order, states());
      expect([...units].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(orderUnits(order, states())).toEqual(units);
    }
    expect(orderUnits('unit', states())).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('by variance has the liveliest first', () => {
    expect(orderUnits('variance', states())).toEqual([0, 2, 5, 6, 3, 1, 4]);
  });

  it('by similarity puts those side by side that go together, and the still one last', () => {
    const units = orderUnits('similarity', states());
    expect(new Set(units.slice(0, 3))).toEqual(new Set([0, 2, 5]));
    expect(new Set(units.slice(3, 6))).toEqual(new Set([1, 3, 6]));
    expect(units[6]).toBe(4);
  });

  it('is that of the units before there are states', () => {
    for (const order of UNIT_ORDERS) expect(orderUnits(order, new StateRing(3, 10))).toEqual([0, 1, 2]);
  });
});

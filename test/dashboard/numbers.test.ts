import { describe, expect, it } from 'vitest';
import { linesToCsv, statesToCsv } from '../../client/dashboard/charts/export.js';
import { legendOf } from '../../client/dashboard/charts/legend.js';
import { describeLine, formatNumber, formatStep } from '../../client/dashboard/charts/numbers.js';
import { Ring } from '../../client/dashboard/charts/ring.js';
import { StateRing } from '../../client/dashboard/charts/state-ring.js';

const steps = () => {
  const ring = new Ring(['step', 'truth', 'forecast'], 10);
  ring.append(5, 1.5, Number.NaN);
  ring.append(6, 2, 1.75);
  ring.append(8, Number.NaN, 3);
  return ring;
};
const lineOf = (ring: Ring<string>, y: string, label = y) => ({ label, ring, x: 'step', y, colour: 0 });

describe('numbers', () => {
  it('[DSH17] are written short, and what is not known as a dash', () => {
    expect([0, 1.23456, -12345.6, 0.00012, 3e7, Number.NaN, null].map(formatNumber)).toEqual([
      '0',
      '1.235',
      '-12,350',
      '1.2e-4',
      '3.0e7',
      '–',
      '–',
    ]);
    expect(formatStep(12345)).toBe('12,345');
  });

  it('[DSH17] of a line are told in a sentence', () => {
    const ring = steps();
    expect(describeLine('Truth', ring.view('step'), ring.view('truth'))).toBe(
      'Truth: 2 at last, from 1.5 to 2 over steps 5 to 8.',
    );
    expect(describeLine('Truth', new Float64Array(0), new Float64Array(0))).toBe('Truth: nothing yet.');
  });

  it('[DSH17] leave as CSV, exactly, a row for each step that any line has', () => {
    const ring = steps();
    const other = new Ring(['at', 'loss'], 10);
    other.append(7, 0.1);
    const lines = [
      lineOf(ring, 'truth', 'Truth, "raw"'),
      lineOf(ring, 'forecast'),
      { label: 'loss', ring: other, x: 'at', y: 'loss', colour: 1 },
    ];
    expect(linesToCsv(lines, { from: 6, to: 100 })).toBe(
      'step,"Truth, ""raw""",forecast,loss\n6,2,1.75,\n7,,,0.1\n8,,3,\n',
    );
  });

  it('[DSH17] of states leave as CSV, a column for each unit', () => {
    const states = new StateRing(2, 4);
    states.append(1, [0.5, -0.25]);
    states.append(2, [0.125, 1]);
    expect(statesToCsv(states, { from: 0, to: 1 })).toBe('step,h0,h1\n1,0.5,-0.25\n');
  });

  it('[DSH17] stand in the legend: those under the cursor, or the last ones', () => {
    const ring = steps();
    const lines = [lineOf(ring, 'truth'), lineOf(ring, 'forecast')];
    const values = (step: number | null) => legendOf(lines, step).map(({ value }) => value);
    expect(values(null)).toEqual(['2', '3']);
    expect(values(5)).toEqual(['1.5', '–']);
    expect(values(7)).toEqual(['2', '1.75']);
  });
});

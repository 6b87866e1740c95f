import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileName, linesToCsv, matrixToCsv, statesToCsv } from '../../client/dashboard/charts/export.js';
import { legendOf } from '../../client/dashboard/charts/legend.js';
import {
  describeLine,
  formatNumber,
  formatReading,
  formatSingle,
  formatStep,
  formatTicks,
  hundredths,
} from '../../client/dashboard/charts/numbers.js';
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

  it('[DSH17] of a reading keep their digits, without the noise of binary fractions', () => {
    expect(
      [123465789.12, 0.1 + 0.2, 21.4, -52.5200066, 1e-7, 5e21, Number.NaN, null].map(formatReading),
    ).toEqual(['123465789.12', '0.3', '21.4', '-52.5200066', '1e-7', '5e+21', '–', '–']);
  });

  it('of a float32 have as many figures as tell it from all others', () => {
    expect([Math.fround(21.4), Math.fround(1 / 3), 123465792, 0.5, null].map(formatSingle)).toEqual([
      '21.4',
      '0.33333334',
      '123465790',
      '0.5',
      '–',
    ]);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(formatSingle(value)))).toBe(value + 0);
      }),
    );
  });

  it('of an axis differ from their neighbours, and where they are long only in their last digits', () => {
    expect(formatTicks([0, 0.5, 1])).toEqual(['0', '0.5', '1']);
    expect(formatTicks([52.5201, 52.5202, 52.5203])).toEqual(['52.5201', '52.5202', '52.5203']);
    expect(formatTicks([123465789, 123465789.5, 123465790])).toEqual(['…5789.0', '…5789.5', '…5790.0']);
    expect(formatTicks([])).toEqual([]);
  });

  it('of a score have two places, and no sign at 0', () => {
    expect([0.426, -0.001, null].map(hundredths)).toEqual(['0.43', '0.00', '–']);
  });

  it('[DSH17] of a line are told in a sentence', () => {
    const ring = steps();
    expect(describeLine('Truth', ring.view('step'), ring.view('truth'))).toBe(
      'Truth: 2 at last, from 1.5 to 2 over steps 5 to 8.',
    );
    expect(describeLine('m', ring.view('step'), ring.view('truth'), (value) => `${value} m`, 'today')).toBe(
      'm: 2 m at last, from 1.5 m to 2 m over steps 5 to 8, today.',
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

  it('[DSH17] leave with the time of each step in UTC where times are told', () => {
    const timeOf = (step: number) => (step === 8 ? Number.NaN : Date.UTC(2026, 0, 1) + step * 60_000);
    expect(
      linesToCsv([lineOf(steps(), 'forecast', 'flow (m³/h), 1 step ahead')], { from: 6, to: 9 }, timeOf),
    ).toBe('step,time,"flow (m³/h), 1 step ahead"\n6,2026-01-01T00:06:00.000Z,1.75\n8,,3\n');
  });

  it('[DSH17] of a matrix leave with the names of its rows and columns', () => {
    const matrix = { values: [1, 2, 3, 4], rows: 2, columns: 2 };
    expect(matrixToCsv(matrix)).toBe('1,2\n3,4\n');
    const named = {
      ...matrix,
      rowName: (i: number) => ['a', 'b, c'][i] as string,
      columnName: (j: number) => `unit ${j}`,
    };
    expect(matrixToCsv(named)).toBe(',unit 0,unit 1\na,1,2\n"b, c",3,4\n');
  });

  it('[DSH17] go into files that are called by what they are of', () => {
    expect(fileName('plant/pump-1', 'Außentemperatur (°C), 10 min ahead')).toBe(
      'plant-pump-1-außentemperatur-c-10-min-ahead',
    );
    expect(fileName('', 'Loss')).toBe('loss');
    expect(fileName('x'.repeat(500)).length).toBe(120);
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

  it('stand in the legend as their line writes them, and those of points at their own step only', () => {
    const ring = steps();
    const points = {
      ...lineOf(ring, 'truth'),
      points: true,
      format: (value: number) => (Number.isNaN(value) ? '–' : `${value} m`),
    };
    const value = (step: number | null) => legendOf([points], step)[0]?.value;
    expect([value(5), value(7), value(null)]).toEqual(['1.5 m', '–', '2 m']);
  });
});

import { describe, expect, it } from 'vitest';
import { autocorrelations } from '../../../../src/rnn/io/seasons/autocorrelation.js';
import { transform } from '../../../../src/rnn/io/seasons/fourier.js';
import { relativeError } from '../../../support/numeric-compare.js';
import { autoregression } from './series.js';

describe('a Fourier transform', () => {
  it('is the sum that defines it, for every power of two', () => {
    for (const n of [1, 2, 4, 8, 64]) {
      const [re, im] = [autoregression(n, n, 0), autoregression(n + 1, n, 0)];
      const want = Array.from({ length: 2 * n }, (_, i) => {
        const k = Math.floor(i / 2);
        let sum = 0;
        for (let t = 0; t < n; t++) {
          const [c, s] = [Math.cos((2 * Math.PI * k * t) / n), Math.sin((2 * Math.PI * k * t) / n)];
          sum += i % 2 === 0 ? re[t]! * c + im[t]! * s : im[t]! * c - re[t]! * s;
        }
        return sum;
      });
      transform(re, im, n);
      const got = Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? re : im)[Math.floor(i / 2)]!);
      expect(relativeError(got, want)).toBeLessThan(1e-13);
    }
  });
});

describe('autocorrelations', () => {
  it('are the products at each lag over the energies of what overlaps, of two series at once', () => {
    for (const n of [16, 100, 257]) {
      const pair = [autoregression(1, n, 0.9), autoregression(2, n, -0.5)] as const;
      const lags = Math.floor(n / 2);
      for (const [i, { r, sum, squares }] of autocorrelations(...pair, lags).entries()) {
        const x = [...pair[i]!];
        const energy = (part: number[]) => part.reduce((total, value) => total + value * value, 0);
        const want = Array.from({ length: lags + 1 }, (_, m) => {
          const product = x.slice(m).reduce((total, value, t) => total + value * x[t]!, 0);
          return product / Math.sqrt(energy(x.slice(m)) * energy(x.slice(0, n - m)));
        });
        expect(relativeError(r, want)).toBeLessThan(1e-12);
        expect(sum[lags + 1]).toBeCloseTo(
          want.reduce((total, value) => total + value, 0),
          9,
        );
        expect(squares[lags + 1]).toBeCloseTo(energy(want), 9);
      }
    }
  });

  it('have the same bits whatever was transformed before', () => {
    const x = autoregression(1, 100, 0.5);
    const before = autocorrelations(x, x, 60);
    const long = autoregression(3, 4000, 0.5);
    autocorrelations(long, long, 3000);
    expect(autocorrelations(x, x, 60)).toEqual(before);
  });
});

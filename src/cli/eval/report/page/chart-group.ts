/** All charts of the page, which show the same rows. */
import type UPlot from 'uplot';
import { type ChartOptions, createChart } from './report-chart.js';

const endsOf = (chart: UPlot): [number, number] => {
  const x = chart.data[0];
  return [x[0] ?? 0, x[x.length - 1] ?? 0];
};

export class ChartGroup {
  private charts: UPlot[] = [];

  /** Replaces the charts, and keeps the zoom. */
  replace(charts: readonly ChartOptions[]): void {
    const zoomed = this.zoomed();
    for (const chart of this.charts) chart.destroy();
    this.charts = charts.map(createChart);
    if (zoomed) this.zoomTo(...zoomed);
  }

  fit(): void {
    for (const chart of this.charts)
      chart.setSize({ width: chart.root.parentElement?.clientWidth ?? chart.width, height: chart.height });
  }

  zoom(how: string | undefined): void {
    const [chart] = this.charts;
    const scale = chart?.scales.x;
    if (!chart || scale?.min === undefined || scale.max === undefined) return;
    const [first, last] = endsOf(chart);
    const [from, to] = [scale.min ?? first, scale.max ?? last];
    const span = to - from;
    if (how === 'all') this.zoomTo(first, last);
    if (how === 'in') this.zoomTo(from + span / 4, to - span / 4);
    if (how === 'out') this.zoomTo(from - span / 2, to + span / 2);
    if (how === 'left') this.shift(from, to, -Math.min(span / 2, from - first));
    if (how === 'right') this.shift(from, to, Math.min(span / 2, last - to));
  }

  private shift(from: number, to: number, by: number): void {
    this.zoomTo(from + by, to + by);
  }

  private zoomTo(from: number, to: number): void {
    const [chart] = this.charts;
    if (!chart) return;
    const [first, last] = endsOf(chart);
    const min = Math.max(first, from);
    const max = Math.min(last, to);
    if (max > min) for (const each of this.charts) each.setScale('x', { min, max });
  }

  /** Gives the zoomed range, or null if the charts show everything. */
  private zoomed(): [number, number] | null {
    const [chart] = this.charts;
    if (!chart) return null;
    const [first, last] = endsOf(chart);
    const { min, max } = chart.scales.x ?? {};
    return (min ?? first) <= first && (max ?? last) >= last ? null : [min ?? 0, max ?? 0];
  }
}

/** The report's script: draws the charts, and redraws them when a control or the theme changes. */
import { ChartGroup } from './chart-group.js';
import { chosen, data, find } from './elements.js';
import { chartsOf, chosenOutput } from './report-charts.js';
import { paintScale } from './state-picture.js';

const charts = new ChartGroup();

/** Draws everything: the choice or the colours may have changed. */
function render(): void {
  const figures = data.figures[chosenOutput()];
  document.querySelectorAll('dd.figure').forEach((place, i) => {
    place.textContent = figures?.[i] ?? '-';
  });
  charts.replace(chartsOf(chosen('view') === 1 && data.tail ? data.tail : data.whole));
  paintScale();
}

render();
find('.controls').addEventListener('change', render);
for (const button of document.querySelectorAll<HTMLElement>('[data-zoom]'))
  button.addEventListener('click', () => charts.zoom(button.dataset.zoom));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth === width) return;
  width = innerWidth;
  charts.fit();
});

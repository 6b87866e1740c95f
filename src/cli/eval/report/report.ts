/**
 * The report: one HTML file that loads nothing. Its own policy forbids the network, and every script but the two it has.
 * Names of files and columns are a user's: they go in as text, or as JSON in which no tag can begin.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EVENT } from '../../../rnn/scoring/anomaly.js';
import { grouped } from '../../shared/terminal.js';
import {
  type AnomalyEvent,
  countOf,
  type DriftEvent,
  describe,
  type EvalResult,
  FIGURES,
  figuresOf,
  forecastersText,
  labelOf,
  outputRows,
  seasonsText,
} from '../summary-table.js';
import type { Mark, ReportData, Series } from './report-data.js';
import { REPORT_STYLE } from './report-style.js';

/** Events of each kind that the charts mark, and that the table lists. */
const MAX_MARKS = 500;
const MAX_LISTED = 20;

/** The library writes numbers as the browser does, and does not start where the browser's language is none. */
const LANGUAGE = "Object.defineProperty(navigator, 'language', { value: 'en-US' });\n";

/** Renders the report. The same result gives the same bytes. */
export async function renderReport(result: EvalResult, series: Series): Promise<string> {
  const data: ReportData = {
    ...series,
    figures: series.outputs.map(({ target, horizon }) => {
      const scores = result.metrics.outputs.find((one) => one.target === target && one.horizon === horizon);
      return scores ? figuresOf(scores) : FIGURES.map(() => '-');
    }),
    skip: result.skip,
    clipNorm: result.spec.optimizer.clipNorm,
    threshold: EVENT,
    allUnits: result.spec.units,
    anomalies: marksOf(result.anomalies),
    drift: marksOf(result.drift),
  };
  const [library, libraryStyle, licence, script] = await Promise.all([
    textOf(import.meta.resolve('uplot/dist/uPlot.iife.min.js')),
    textOf(import.meta.resolve('uplot/dist/uPlot.min.css')),
    textOf(import.meta.resolve('uplot/LICENSE')),
    textOf(new URL('./report-page.js', import.meta.url).href),
  ]);
  const style = `${libraryStyle}\n${REPORT_STYLE}`;
  const charts = LANGUAGE + library.replace(/^\/\*!.*?\*\//, `/* uPlot\n${licence.trim()}\n*/`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(charts)} ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(nameOf(result))} - eddy eval</title>
<style>${style}</style>
</head>
<body>
${bodyOf(result, data)}
<script id="data" type="application/json">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${charts}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

const textOf = (url: string): Promise<string> => readFile(fileURLToPath(url), 'utf8');

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const nameOf = ({ file }: EvalResult) => (file === '-' ? 'standard input' : basename(file));

const marksOf = (events: readonly (AnomalyEvent | DriftEvent)[]): Mark[] =>
  events.slice(0, MAX_MARKS).map(({ row, t }) => [row, t]);

function bodyOf(result: EvalResult, data: ReportData): string {
  const { targets, whole, tail } = data;
  const horizons = [...new Set(data.outputs.map(({ horizon }) => horizon))];
  const hidden = result.targets.length - targets.length;
  return `<header>
<p class="brand">eddy eval</p>
<h1>${escapeHtml(nameOf(result))}</h1>
<p>${escapeHtml(describe(result))}</p>
</header>
<form class="controls" aria-label="What the charts show">
${select(
  'target',
  'Target',
  targets.map((name) => labelOf(result, name)),
)}
${select(
  'horizon',
  'Horizon',
  horizons.map((horizon) => `${countOf(horizon, 'row')} ahead`),
)}
${tail ? select('view', 'Rows', [`all, ${grouped(whole.width)} a point`, `the last ${grouped(tail.row.length)}`]) : ''}
<span class="buttons" role="group" aria-label="Zoom">
${[
  ['left', '&larr;', 'Move to earlier rows'],
  ['in', '+', 'Zoom in'],
  ['out', '&minus;', 'Zoom out'],
  ['right', '&rarr;', 'Move to later rows'],
  ['all', 'All', 'Show all rows'],
]
  .map(
    ([name, sign, label]) =>
      `<button type="button" data-zoom="${name}" aria-label="${label}">${sign}</button>`,
  )
  .join('\n')}
</span>
</form>
<main>
<section aria-label="Key figures">
<dl class="tiles">
${FIGURES.map(([head, about], i) => tile(head, data.figures[0]?.[i] ?? '-', about, 'figure')).join('\n')}
${tile('anomalies', grouped(result.anomalyCount), `bursts of rows whose score is ${data.threshold} or more`)}
${tile('drift events', grouped(result.driftCount), 'times the error rose for good')}
${tile('updates', grouped(result.updates), 'times the weights changed')}
</dl>
${
  hidden > 0
    ? `<p class="note">${countOf(hidden, 'more target')} only in the table: ${escapeHtml(
        result.targets
          .slice(targets.length)
          .map((name) => labelOf(result, name))
          .join(', '),
      )}.</p>`
    : ''
}
</section>
${[
  [
    'forecast',
    'Truth and forecast',
    `What was predicted for each row, before it came, and the range that was to hold it with a probability of ${result.spec.interval}. ${KEYS}`,
    'wide',
  ],
  [
    'error',
    'Error',
    'Mean absolute error of the last 500 rows or so, beside that of the naive forecasts.',
    '',
  ],
  ['skill', 'Skill', 'How much smaller the error is: 1 is perfect, 0 no better than the naive forecast.', ''],
  ['anomaly', 'Anomaly score', 'How odd each row was under its forecast, by the errors before it.', ''],
  ['gradient', 'Gradient norm', 'Of each update, before it is clipped.', ''],
  ['states', 'Hidden state', hiddenText(data), 'wide'],
]
  .map(
    ([id, title, about, width]) => `<section class="chart ${width}" id="${id}">
<h2>${title}</h2>
<p>${about}</p>
${id === 'states' ? '<div class="scale" aria-hidden="true"><span>&minus;1</span><canvas width="255" height="1"></canvas><span>1</span></div>' : ''}
<div class="plot" role="img" aria-label="${title}"></div>
</section>`,
  )
  .join('\n')}
<section class="wide">
<h2>All figures</h2>
${table(
  ['target', 'rows ahead', ...FIGURES.map(([head]) => head)],
  outputRows(result, (output) => figuresOf(output)),
)}
</section>
<section class="wide">
<h2>Who forecast</h2>
<p>The mean share of each in the forecasts of the scored rows. ${seasonsNote(result)}</p>
${table(
  ['target', 'rows ahead', 'forecast by'],
  outputRows(result, (output) => [forecastersText(output)]),
  'words',
)}
</section>
${eventsTable(result)}
</main>
<footer>
<p>${notesOf(result)} Drag over a chart to zoom, double-click to see all again. Times are UTC.</p>
</footer>`;
}

const seasonsNote = (result: EvalResult) =>
  result.seasons.length === 0 ? 'No season was found.' : `Seasons: ${escapeHtml(seasonsText(result))}.`;

/** What the marks in the charts are. */
const KEYS = ['anomaly', 'drift', 'not scored']
  .map((what) => `<span class="key ${what.replace(' ', '-')}">${what}</span>`)
  .join(' ');

const hiddenText = ({ units, allUnits }: ReportData) =>
  `h of ${units < allUnits ? `the first ${units} of ${allUnits}` : `all ${units}`} units, mean of each point.`;

const select = (id: string, label: string, options: readonly string[]) =>
  `<label ${options.length < 2 ? 'hidden' : ''}>${label} <select id="${id}">${options
    .map((text, i) => `<option value="${i}">${escapeHtml(text)}</option>`)
    .join('')}</select></label>`;

const tile = (head: string, value: string, about: string, className = '') =>
  `<div title="${escapeHtml(about)}"><dt>${head}</dt><dd class="${className}">${value}</dd></div>`;

function eventsTable({ anomalies, drift, anomalyCount, driftCount }: EvalResult): string {
  const events = [
    ...anomalies.map(({ score, end, ...place }) => ({
      ...place,
      what: `anomaly, ${end === null || end === place.row ? '' : `to row ${grouped(end)}, `}score ${score.toFixed(2)}`,
    })),
    ...drift.map(({ detector, ...place }) => ({ ...place, what: `drift, seen by ${detector}` })),
  ].sort((a, b) => a.row - b.row);
  if (events.length === 0) return '';
  const shown = events.slice(0, MAX_LISTED);
  const count = anomalyCount + driftCount;
  return `<section class="wide">
<h2>Events</h2>
${shown.length < count ? `<p>The first ${shown.length} of ${grouped(count)}.</p>` : ''}
${table(
  ['what', 'row', 'line', 'time'],
  shown.map(({ what, row, line, timestamp }) => [what, grouped(row), grouped(line), timestamp ?? '-']),
)}
</section>`;
}

const table = (
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  className = '',
) => `<div class="scroll" tabindex="0">
<table${className ? ` class="${className}"` : ''}>
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.map(([first = '', ...cells]) => `<tr><th scope="row">${escapeHtml(first)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`).join('\n')}
</tbody>
</table>
</div>`;

function notesOf({ rows, skip, badRows }: EvalResult): string {
  return [
    `${countOf(rows, 'row')}.`,
    ...(skip > 0 ? [`The first ${grouped(skip)} are learned from and not scored.`] : []),
    ...(badRows.count > 0 ? [`${countOf(badRows.count, 'bad row')} skipped.`] : []),
  ].join(' ');
}

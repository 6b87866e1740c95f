/** How the report looks: light or dark as the reader has it; series in colours that the colour-blind can tell apart. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2430; --dim: #5a6676; --rule: #d9dee5; --grid: #e8ebef;
  --truth: #1b2430; --forecast: #d55e00; --naive: #6b7684; --season: #009e73; --score: #0072b2;
  --band: rgba(27, 36, 48, .12); --range: rgba(213, 94, 0, .14); --mark: #b0317f; --drift: #7a4fd0; --unscored: rgba(90, 102, 118, .12);
  --cold: 0, 90, 181; --zero: 255, 255, 255; --warm: 220, 90, 0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11161d; --card: #1a212b; --ink: #e8edf3; --dim: #a0acba; --rule: #323d4b; --grid: #29323e;
    --truth: #e8edf3; --forecast: #ff9c4a; --naive: #98a4b3; --season: #3fd0a4; --score: #63b8f2;
    --band: rgba(232, 237, 243, .16); --range: rgba(255, 156, 74, .18); --mark: #f28ac7; --drift: #b79bff; --unscored: rgba(160, 172, 186, .14);
    --cold: 110, 190, 255; --zero: 26, 33, 43; --warm: 255, 160, 70;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1800px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 24px; }
.brand { margin: 0; color: var(--dim); font-weight: 600; letter-spacing: .02em; }
h1 { margin: 0 0 4px; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 17px; }
p { margin: 0 0 8px; }
header p, section > p, footer, .note { color: var(--dim); }
header > p { overflow-wrap: anywhere; }
.controls { position: sticky; top: 0; z-index: 200; display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center;
  max-width: 1800px; margin: 8px auto 0; padding: 10px 24px; background: var(--page); border-bottom: 1px solid var(--rule); }
.controls label { color: var(--dim); }
.controls label[hidden] { display: none; }
select, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: 6px;
  min-height: 34px; padding: 2px 10px; max-width: 60vw; }
button { min-width: 38px; cursor: pointer; }
.buttons { display: inline-flex; gap: 4px; margin-left: auto; }
:focus-visible { outline: 2px solid var(--score); outline-offset: 2px; }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; padding-top: 16px; }
@media (min-width: 1100px) { main { grid-template-columns: repeat(2, minmax(0, 1fr)); } main > :not(.chart), .wide { grid-column: 1 / -1; } }
.chart, main > .wide { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px 10px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(108px, 1fr)); gap: 8px; margin: 0; }
.tiles > div { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 10px 12px; }
dt { color: var(--dim); font-size: 13px; }
dd { margin: 0; font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.note { margin-top: 8px; }
.plot { min-height: 200px; }
.uplot { font: inherit; }
.u-legend { font-size: 13px; font-variant-numeric: tabular-nums; color: var(--dim); text-align: left; margin: 0; }
.u-legend .u-value { min-width: 5em; color: var(--ink); }
.u-inline tr { margin-right: 12px; }
.u-series > * { padding: 2px; }
.u-select { background: rgba(110, 140, 190, .22); }
.u-hz .u-cursor-x, .u-vt .u-cursor-y { border-color: var(--dim); }
.u-legend th { font-weight: 400; }
.key { display: inline-block; margin-left: 10px; white-space: nowrap; }
.key::before { content: ''; display: inline-block; height: 1em; margin-right: 6px; vertical-align: -.15em;
  border-left: 2px dotted var(--mark); }
.key.drift::before { border-left: 2px dashed var(--drift); }
.key.not-scored::before { width: 14px; border: 0; background: var(--unscored); }
.scale { display: flex; gap: 8px; align-items: center; color: var(--dim); font-size: 13px; }
.scale canvas { width: 160px; height: 12px; border-radius: 3px; border: 1px solid var(--rule); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.scroll table { min-width: 100%; }
.scroll th, .scroll td { padding: 5px 14px 5px 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
.scroll th:first-child { text-align: left; }
.words td:last-child, .words thead th:last-child { text-align: left; white-space: normal; }
.scroll thead th { color: var(--dim); font-weight: 500; }
footer { padding-top: 16px; padding-bottom: 32px; }
@media (max-width: 600px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  .controls { position: static; padding: 8px 12px; gap: 6px 10px; }
  .buttons { margin-left: 0; }
  h1 { font-size: 21px; }
  .chart, main > .wide { padding: 12px 10px 8px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
`;

/** The page's data, controls and colours. */
import type { ReportData } from '../report-data.js';

/** @throws Error if the page lacks the element */
export const find = <E extends Element>(selector: string): E => {
  const element = document.querySelector<E>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
};

export const data: ReportData = JSON.parse(find('#data').textContent ?? '');
/** Are the charts over times, and not over row numbers? */
export const hasTimes = data.whole.time !== null;

/** Gives a colour of the report's style, in the theme that the reader has now. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Gives the index of what a control has chosen; 0 if there is nothing to choose. */
export const chosen = (id: string): number =>
  Number(document.querySelector<HTMLSelectElement>(`#${id}`)?.value ?? 0);

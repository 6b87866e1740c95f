/** What a dashboard of Grafana asks Prometheus for. */
import { readFileSync } from 'node:fs';

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Place;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

/** One question, and the labels that its legend shows. */
export interface Query {
  readonly where: string;
  readonly expr: string;
  readonly legend: readonly string[];
}

export const dashboardOf = (path: string): Dashboard => JSON.parse(readFileSync(path, 'utf8')) as Dashboard;

/** Gives all queries of the panels and the annotations, as they stand in the file. */
export const queriesOf = ({ panels, annotations }: Dashboard): Query[] => [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: title, expr, legend: labelsOfLegend(legendFormat) })),
  ),
  ...annotations.list.map(({ name, expr }) => ({ where: name, expr, legend: [] })),
];

const labelsOfLegend = (legend: string): string[] =>
  Array.from(legend.matchAll(/\{\{(\w+)\}\}/g), ([, label]) => label!);

/** Puts in what Grafana puts in where everything is chosen. */
export const filled = (expr: string, rateInterval: string): string =>
  expr.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(job|instance|sequence)\b/g, '.*');

/** Gives the metrics that an expression names, and the labels that it asks for. */
export function askedOf(expr: string): { readonly metrics: string[]; readonly labels: string[] } {
  const metrics = Array.from(expr.matchAll(/\b((?:eddy|process|nodejs)_\w+)/g), ([, name]) => name!);
  const matched = Array.from(expr.matchAll(/(\w+)=~?"/g), ([, label]) => label!);
  const grouped = Array.from(expr.matchAll(/by \(([^)]*)\)/g), ([, list]) => list!.split(/\s*,\s*/)).flat();
  return { metrics, labels: [...new Set([...matched, ...grouped])] };
}

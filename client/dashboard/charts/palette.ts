/** What canvases are painted with. The colours of everything else are in style.css. */
export type Theme = 'light' | 'dark';

export interface ChartColours {
  readonly background: string;
  readonly text: string;
  readonly grid: string;
  readonly cursor: string;
  /** Okabe and Ito's, told apart with every kind of colour blindness; the dark theme's are lighter where they must be. */
  readonly series: readonly string[];
}

export const CHART_COLOURS: Record<Theme, ChartColours> = {
  light: {
    background: '#ffffff',
    text: '#55606e',
    grid: '#e6e9ee',
    cursor: '#8390a0',
    series: ['#0072b2', '#c04f00', '#00795a', '#9a4a80', '#8a6200', '#2a8fc7', '#4d5663'],
  },
  dark: {
    background: '#14181f',
    text: '#99a5b5',
    grid: '#242b36',
    cursor: '#6b7788',
    series: ['#56b4e9', '#f0803c', '#2bc49a', '#dd93c3', '#e6b422', '#8fd0f5', '#aeb8c6'],
  },
};

/** What the numbers of `ChartColours.series` stand for, so that a colour means the same in every chart. */
export const COLOUR = { truth: 6, first: 0, second: 1, third: 2, fourth: 3, fifth: 4, sixth: 5 } as const;

/**
 * The scale of heatmaps: -1 blue, 0 the colour of the page, 1 orange or red. Its stops follow Crameri's vik (light) and
 * berlin (dark), which are even in lightness and safe for the colour-blind (Crameri, Shephard and Heron 2020).
 */
import type { Theme } from './palette.js';

/** From -1 to 1, evenly. */
const STOPS: Record<Theme, readonly string[]> = {
  light: ['#00205f', '#0c4f86', '#3d84ae', '#9dc4d8', '#f4f3f1', '#e5c1a6', '#cc7f52', '#a03a12', '#5e0f06'],
  dark: ['#a4c4ff', '#67a6e0', '#33759f', '#183f58', '#11141a', '#4a2413', '#8a4a2c', '#c98362', '#ffc0a0'],
};

/** How many colours the scale has: those of 0 lie in the middle. */
export const SHADES = 257;

const scales = new Map<Theme, Uint32Array>();

/** Gives the colours from -1 to 1, each as the four bytes of a pixel in a little-endian number. */
export function colourScale(theme: Theme): Uint32Array {
  const scale = scales.get(theme) ?? makeScale(theme);
  scales.set(theme, scale);
  return scale;
}

function makeScale(theme: Theme): Uint32Array {
  const stops = STOPS[theme].map(parse);
  return Uint32Array.from({ length: SHADES }, (_, i) => {
    const place = (i / (SHADES - 1)) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    const share = place - below;
    const [from, to] = [stops[below] as number[], stops[below + 1] as number[]];
    const [red, green, blue] = from.map((value, c) =>
      Math.round(value + share * ((to[c] as number) - value)),
    );
    return pixel(red as number, green as number, blue as number);
  });
}

/** Gives which colour of a scale stands for a value; what is beyond [-1, 1] is cut, NaN has none (-1). */
export function shadeOf(value: number): number {
  if (Number.isNaN(value)) return -1;
  return Math.round(((Math.min(1, Math.max(-1, value)) + 1) / 2) * (SHADES - 1));
}

/** Gives a CSS gradient of the scale, for its key. */
export const scaleGradient = (theme: Theme): string =>
  `linear-gradient(to right, ${STOPS[theme].join(', ')})`;

/** Gives the pixel of a #rrggbb colour. */
export function pixelOf(colour: string): number {
  const [red, green, blue] = parse(colour);
  return pixel(red as number, green as number, blue as number);
}

const parse = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
const pixel = (red: number, green: number, blue: number) =>
  ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

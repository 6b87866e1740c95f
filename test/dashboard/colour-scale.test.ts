import { describe, expect, it } from 'vitest';
import { colourScale, SHADES, shadeOf } from '../../client/dashboard/charts/colour-scale.js';
import { CHART_COLOURS } from '../../client/dashboard/charts/palette.js';

const THEMES = ['light', 'dark'] as const;
const channels = (pixel: number) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
/** Relative luminance, as WCAG 2.2 has it. */
const luminance = (rgb: readonly number[]) => {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};
const parse = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
const contrast = (a: string, b: string) => {
  const [low, high] = [luminance(parse(a)), luminance(parse(b))].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
};

describe('the scale of a heatmap', () => {
  it('[DSH6] is fixed: -1, 0 and 1 are its ends and its middle, and what is beyond is cut', () => {
    expect([-1, 0, 1, -7, 7].map(shadeOf)).toEqual([0, (SHADES - 1) / 2, SHADES - 1, 0, SHADES - 1]);
    expect(shadeOf(Number.NaN)).toBe(-1);
  });

  it.each(THEMES)(
    '[DSH6] tells sign by hue and size by lightness, which changes one way only: %s',
    (theme) => {
      const colours = [...colourScale(theme)].map(channels);
      const middle = (SHADES - 1) / 2;
      expect(colours).toHaveLength(SHADES);
      expect(colours[20]![2]! - colours[20]![0]!).toBeGreaterThan(30);
      expect(colours[SHADES - 21]![0]! - colours[SHADES - 21]![2]!).toBeGreaterThan(30);
      const away = theme === 'light' ? -1 : 1;
      for (const side of [colours.slice(0, middle + 1).reverse(), colours.slice(middle)])
        side.slice(1).forEach((colour, i) => {
          expect(away * (luminance(colour) - luminance(side[i]!))).toBeGreaterThan(-1e-9);
        });
    },
  );
});

describe('the colours of lines', () => {
  it.each(THEMES)('[DSH7] stand out from the background as graphics must, 3 to 1: %s', (theme) => {
    const { series, background, text } = CHART_COLOURS[theme];
    for (const colour of series) expect(contrast(colour, background)).toBeGreaterThan(3);
    expect(contrast(text, background)).toBeGreaterThan(4.5);
  });
});

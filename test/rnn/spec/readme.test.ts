import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseSpec } from '../../../src/rnn/spec/spec.js';

it('[MSP1] the spec in README.md has every default', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, json = ''] = readme.match(/```json\n(\{[\s\S]*?\n\})\n```/) ?? [];
  const shown = JSON.parse(json);
  expect(shown).toEqual(parseSpec({ features: shown.features, units: shown.units }));
});

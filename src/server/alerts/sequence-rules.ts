/** Which rules are meant for a sequence. */
import { matcherOf } from '../auth/pattern.js';
import type { Rule } from './rule-schema.js';

export class SequenceRules {
  private readonly matched: readonly { readonly rule: Rule; fits(name: string): boolean }[];

  constructor(rules: readonly Rule[]) {
    this.matched = rules.map((rule) => {
      const matchers = [rule.sequences].flat().map(matcherOf);
      return { rule, fits: (name: string) => matchers.some((matches) => matches(name)) };
    });
  }

  of(name: string): Rule[] {
    return this.matched.filter(({ fits }) => fits(name)).map(({ rule }) => rule);
  }
}

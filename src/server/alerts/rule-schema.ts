/** The rules by which the state of a sequence is worth a notice, as settings. */
import { z } from 'zod';
import { duration } from '../../features/duration.js';
import { namePattern } from '../auth/pattern.js';

const HOUR = '1h';
const span = (value: string, least = 0) => duration(least).prefault(value);
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

const common = {
  /** Names the rule in its notices; by default what it is about. */
  name: z.string().regex(NAME, 'a name must have 1 to 64 of A-Z a-z 0-9 . _ -').optional(),
  sequences: z.union([namePattern, z.array(namePattern).min(1).max(100)]).default('*'),
};
/** How long it must last before the notice of its start, and be over before that of its end. */
const lasting = { for: span('0ms'), clear: span('0ms') };

const level = z.number().min(0).max(1);

const anomaly = z
  .strictObject({
    on: z.literal('anomaly'),
    ...common,
    ...lasting,
    /** The anomaly score from which on it starts; without it, an anomaly starts and ends as the events of the sequence say. */
    level: level.optional(),
    /** The score below which it ends. */
    endLevel: level.optional(),
  })
  .refine(({ level, endLevel }) => endLevel === undefined || level !== undefined, {
    path: ['endLevel'],
    message: 'it needs level',
  })
  .refine(({ level = 1, endLevel = level }) => endLevel <= level, {
    path: ['endLevel'],
    message: 'it must not be above level',
  });

const STATES = ['warming-up', 'learning', 'no-better-than-baseline', 'diverged', 'silent', 'paused'] as const;

const health = z.strictObject({
  on: z.literal('health'),
  ...common,
  ...lasting,
  states: z.array(z.enum(STATES)).min(1).default(['no-better-than-baseline', 'diverged', 'silent']),
});

const silence = z.strictObject({
  on: z.literal('silence'),
  ...common,
  for: span('5m', 100),
  clear: span('0ms'),
  /** Does the time count since a step came, or since the time that the last step has? */
  by: z.enum(['arrival', 'event-time']).default('arrival'),
});

const drift = z.strictObject({
  on: z.literal('drift'),
  ...common,
  /** The time without another drift after which it is over. */
  clear: span(HOUR),
});

const MOST_STEPS = 10_000;

const outside = z
  .strictObject({
    on: z.literal('outside'),
    ...common,
    /** It starts when so many of the last `of` steps had a value outside its interval. */
    times: z.int().min(1).max(MOST_STEPS).default(5),
    of: z.int().min(1).max(MOST_STEPS).default(10),
    /** It ends when so few of them have. */
    endTimes: z.int().min(0).max(MOST_STEPS).optional(),
    /** The fields that count; all by default. */
    fields: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(({ times, of }) => times <= of, { path: ['times'], message: 'it must not be above of' })
  .refine(({ times, endTimes = 0 }) => endTimes < times, {
    path: ['endTimes'],
    message: 'it must be below times',
  });

export const ALERTS = ['anomaly', 'health', 'silence', 'drift', 'outside'] as const;

const rule = z.discriminatedUnion('on', [anomaly, health, silence, drift, outside], {
  error: `on must be one of ${ALERTS.join(', ')}`,
});

/** A rule, or in short what it is about. */
const alert = z.preprocess(
  (value) => (typeof value === 'string' ? { on: value } : value),
  rule,
) as unknown as z.ZodType<Rule, RuleInput | (typeof ALERTS)[number]>;

export const alertsSchema = z
  .array(alert)
  .max(100)
  .superRefine((rules, context) => {
    const names = rules.map(nameOf);
    for (const [i, name] of names.entries())
      if (names.indexOf(name) < i)
        context.addIssue({ code: 'custom', path: [i, 'name'], message: `${name} is the name of two rules` });
  });

export type Rule = z.output<typeof rule>;
type RuleInput = z.input<typeof rule>;

export const nameOf = ({ name, on }: Pick<Rule, 'name' | 'on'>): string => name ?? on;

/** The settings of webhooks: who is told, of what, and how. */
import { z } from 'zod';
import { networkOf } from '../http/peers.js';

const DAY_MS = 24 * 3_600_000;
const MIB = 1024 ** 2;

const isUrl = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hash === '';

const receiver = z.strictObject({
  url: z.string().refine(isUrl, 'must be an http or https URL'),
  /** Names it in logs and metrics. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name must have 1 to 64 of A-Z a-z 0-9 . _ -')
    .optional(),
  /** A file of secrets that sign what it gets, one on each line. */
  secret: z.string().min(1).optional(),
  /** The names of the rules that it is told of. */
  rules: z.array(z.string().min(1)).min(1).optional(),
});

/** A receiver, or in short its URL. */
const webhook = z.preprocess(
  (value) => (typeof value === 'string' ? { url: value } : value),
  receiver,
) as unknown as z.ZodType<z.output<typeof receiver>, string | z.input<typeof receiver>>;

export const webhooksSchema = z
  .array(webhook)
  .max(20)
  .superRefine((webhooks, context) => {
    for (const key of ['url', 'name'] as const)
      for (const [i, { [key]: value }] of webhooks.entries())
        if (value !== undefined && webhooks.findIndex((one) => one[key] === value) < i)
          context.addIssue({ code: 'custom', path: [i, key], message: 'it is there twice' });
  });

const number = (value: number, min: number, max: number, unit: string, description: string) =>
  z.int().min(min).max(max).default(value).meta({ description, unit });

export const webhookSchema = z.strictObject({
  secret: z.string().min(1).optional().meta({
    description: 'file with the secrets that sign webhooks, whsec_ and base64, one on each line',
  }),
  allow: z
    .array(
      z
        .string()
        .refine((text) => networkOf(text) !== null, 'must be an address, or a network such as 10.0.0.0/8'),
    )
    .default([])
    .meta({ description: 'addresses and networks that webhooks may call although they are not public' }),
  allowPrivate: z
    .boolean()
    .default(false)
    .meta({ description: 'let webhooks call any address, also those of this machine and its network' }),
  timeoutMs: number(15_000, 100, 120_000, 'ms', 'time for the answer to a webhook; later it is tried again'),
  queueNotices: number(
    10_000,
    1,
    1_000_000,
    'count',
    'notices that wait for one receiver; the oldest are given up beyond',
  ),
  queueBytes: number(
    16 * MIB,
    64 * 1024,
    1024 * MIB,
    'bytes',
    'notices that wait for one receiver, likewise',
  ),
  queueMs: number(
    3 * DAY_MS,
    1000,
    366 * DAY_MS,
    'ms',
    'time after which a notice that was not taken is given up',
  ),
});

export type Webhook = z.output<typeof receiver>;
export type WebhookSettings = z.output<typeof webhookSchema>;

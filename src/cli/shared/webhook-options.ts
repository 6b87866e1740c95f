/** The options that say who is told of alerts, and of which. */
import type { Command } from 'commander';
import { ALERTS } from '../../server/alerts/rule-schema.js';
import { repeated, someOf } from './option-parsers.js';

/** The values that commander parses from the options below. */
export interface WebhookFlags {
  readonly webhook?: readonly string[];
  readonly on?: readonly (typeof ALERTS)[number][];
  readonly webhookSecret?: string;
  readonly webhookAllow?: readonly string[];
  readonly webhookAllowPrivate?: boolean;
}

export const addWebhookOptions = (command: Command): Command =>
  command
    .option('--webhook <url>', 'URL that is told of alerts; repeatable', repeated)
    .option('--on <a,b>', `what it is told of: ${ALERTS.join(', ')}`, someOf(ALERTS))
    .option('--webhook-secret <file>', 'file with the secrets that sign what is sent, one on each line')
    .option(
      '--webhook-allow <network>',
      'address or network that webhooks may call although it is not public; repeatable',
      repeated,
    )
    .option('--webhook-allow-private', 'let webhooks call any address, also this machine and its network');

/** Maps the options to the configuration. */
export function webhookSettings<T extends WebhookFlags>(flags: T) {
  const { webhook, on, webhookSecret, webhookAllow, webhookAllowPrivate, ...others } = flags;
  const settings = { secret: webhookSecret, allow: webhookAllow, allowPrivate: webhookAllowPrivate };
  return { ...others, webhooks: webhook, alerts: on, webhook: settings };
}

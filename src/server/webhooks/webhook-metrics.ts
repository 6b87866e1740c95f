import type { Metric } from '../telemetry/metrics-text.js';
import { OUTCOMES, type Webhooks } from './webhooks.js';

/** The metrics of webhooks, read on scrape. */
export function webhookMetrics(webhooks: Webhooks): Metric[] {
  const { receivers } = webhooks;
  const gauge = (name: string, help: string, read: (one: (typeof receivers)[number]) => number): Metric => ({
    name,
    help,
    type: 'gauge',
    read: () => receivers.map((one) => ({ labels: { webhook: one.name }, value: read(one) })),
  });
  return [
    {
      name: 'eddy_webhook_deliveries_total',
      help: 'Attempts that failed, and notices by what became of them.',
      type: 'counter',
      read: () =>
        receivers.flatMap(({ name: webhook, counts }) =>
          OUTCOMES.map((outcome) => ({ labels: { webhook, outcome }, value: counts[outcome] })),
        ),
    },
    gauge('eddy_webhook_queue', 'Notices that wait for a receiver.', ({ delivery }) => delivery.length),
    gauge(
      'eddy_webhook_oldest_seconds',
      'Age of the oldest notice that waits.',
      (one) => webhooks.ageOf(one) / 1000,
    ),
    gauge('eddy_webhook_off', '1 for a receiver that answered 410 Gone.', ({ delivery }) =>
      delivery.isOff ? 1 : 0,
    ),
    {
      name: 'eddy_alert_sequences',
      help: 'Sequences that alert rules follow, and those left out since there are too many.',
      type: 'gauge',
      read: () => {
        const { count, leftOut } = webhooks.followed;
        return [
          { labels: { followed: 'true' }, value: count },
          { labels: { followed: 'false' }, value: leftOut },
        ];
      },
    },
  ];
}

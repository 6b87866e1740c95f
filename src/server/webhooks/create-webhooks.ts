import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import type { Stand } from '../alerts/rule-judge.js';
import type { Config } from '../config/config-schema.js';
import type { Audit } from '../telemetry/audit.js';
import { FileJournal, noJournal } from './journal.js';
import type { Entry } from './kept.js';
import { Webhooks } from './webhooks.js';

/** The file in the data folder. */
export const JOURNAL = 'webhooks.journal';

interface Parts {
  readonly config: Pick<Config, 'webhooks' | 'webhook' | 'alerts'>;
  /** The data folder; null for a server in memory. */
  readonly folder: string | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly audit: Audit;
}

/** Creates the webhooks of a server; null if none is set. @throws EddyError `credentials-invalid` */
export function createWebhooks({ config, folder, logger, ...parts }: Parts): Webhooks | null {
  const { webhooks, alerts: rules, webhook: settings } = config;
  if (webhooks.length === 0) return null;
  const onDamage = (bytes: number, kept: string) =>
    logger.error({ bytes, kept }, 'what webhooks had to tell is damaged: the rest of it is left out');
  const journal =
    folder === null
      ? noJournal<Entry<Stand>>()
      : new FileJournal<Entry<Stand>>(join(folder, JOURNAL), onDamage);
  return new Webhooks({ webhooks, rules, settings, journal, logger, ...parts });
}

/** Reloads files while the server runs, such as tokens and certificates. */
import type { Logger } from 'pino';

/** Reloads something and describes the new state. If it rejects, the old state stays in force. */
export type Reload = () => Promise<string>;

/** Runs all reloads independently, and logs their outcomes. */
export async function reloadAll(
  reloads: Readonly<Record<string, Reload>>,
  logger: Pick<Logger, 'info' | 'error'>,
): Promise<void> {
  const names = Object.keys(reloads);
  if (names.length === 0) logger.info('there is nothing to reload');
  for (const what of names) {
    try {
      logger.info({ what, now: await reloads[what]?.() }, 'reloaded');
    } catch (error) {
      logger.error({ what, err: error }, 'not reloaded: the old state stays in force');
    }
  }
}

/** What can be read anew while the server runs, such as tokens and certificates. */
import type { Logger } from 'pino';

/** Reads something anew, and tells what there is now. Where it rejects, what was there stays in force. */
export type Reload = () => Promise<string>;

/** Runs all reloads, each for itself, and logs what became of them. */
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
      logger.error({ what, err: error }, 'not reloaded: what was there stays');
    }
  }
}

import { firstValueFrom, reduce, takeWhile, timeout } from 'rxjs';
import type { Client, Opened } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import type { Standing } from './resuming.js';

/** Milliseconds that the steps of the last time may take to come. */
const PATIENCE = 5000;

/**
 * Asks where a sequence stands. A token that may only produce is not told of times.
 *
 * @param isExact are the steps that have the time of the last one to be counted?
 */
export async function standingOf(
  client: Client,
  { sequence, seq, resample }: Opened,
  { isExact }: { isExact: boolean },
): Promise<Standing> {
  const every = resample?.every ?? null;
  const t = seq < 0 ? null : await lastTime(client, sequence);
  const sameTime =
    isExact && t !== null && every === null ? await countAt(client, sequence, { seq, t }) : null;
  return { seq, t, sameTime, every };
}

async function lastTime(client: Client, sequence: string): Promise<number | null> {
  try {
    const { sequences } = await client.list({ sequence });
    return sequences[0]?.t ?? null;
  } catch (error) {
    if (error instanceof EddyError && error.code === 'permission-denied') return null;
    throw error;
  }
}

/** Counts the steps up to `seq` that have the time of the last; null where the past is not told. */
async function countAt(
  client: Client,
  sequence: string,
  { seq, t }: { seq: number; t: number },
): Promise<number | null> {
  const past$ = client
    .watch(sequence)
    .view('inputs', { from: t })
    .pipe(
      takeWhile((step) => step.seq < seq, true),
      reduce((count, step) => count + Number(step.t === t), 0),
      timeout(PATIENCE),
    );
  return firstValueFrom(past$).catch(() => null);
}

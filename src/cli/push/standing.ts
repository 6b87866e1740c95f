import type { Client, Opened } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import type { Standing } from './resuming.js';

/** Asks where a sequence stands. A token that may only produce is not told of times. */
export async function standingOf(
  client: Client,
  { sequence, seq, resample }: Opened,
  _options: { isExact: boolean },
): Promise<Standing> {
  const every = resample?.every ?? null;
  if (seq < 0) return { seq, t: null, sameTime: null, every };
  return { seq, t: await lastTime(client, sequence), sameTime: null, every };
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

import type { EddyError } from '../../errors.js';
import type { Pieces } from '../../math/pieces.js';
import type { Asker } from '../change.js';
import type { Course } from '../course.js';
import type { SleepReason } from '../intake.js';
import type { CommandLane } from './command-lane.js';

/** What is done with a model between two changes. */
export type Between =
  | { readonly kind: 'wake' }
  | { readonly kind: 'sleep'; readonly reason: SleepReason }
  | { readonly kind: 'look'; readonly look: (course: Course) => Pieces | null; readonly isIdle?: boolean };

/** Carries a command out in the pieces of whoever asks for it, and all that waits before it. @throws EddyError if it is refused */
export function* carriedOut(lane: CommandLane, command: Between): Pieces {
  let refusal: EddyError | null = null;
  let isOver = false;
  const asker: Asker = {
    durable: () => {
      isOver = true;
    },
    refused: ([refused]) => {
      isOver = true;
      refusal = refused?.error ?? null;
    },
  };
  lane.add({ ...command, asker });
  while (!isOver) yield lane.piece() ?? 0;
  if (refusal) throw refusal;
}

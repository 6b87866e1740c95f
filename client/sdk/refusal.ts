import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { UnackedStep } from './unacked-steps.js';

const OF_BLOCKS = new Set(['block-too-long', 'credit-exceeded', 'channel-unknown', 'sequence-failed']);
const OF_TARGETS = new Set(['target-unexpected', 'target-shape', 'target-non-finite', 'target-distribution']);

/**
 * Tells whether an error means that a block of steps was refused. A late target is refused individually, a target inside
 * a block together with its block.
 *
 * @param step the un-acked step that the error names, if it names one
 */
export function refusesSteps(code: string, step: UnackedStep | undefined): boolean {
  return (
    code.startsWith('step-') ||
    OF_BLOCKS.has(code) ||
    (OF_TARGETS.has(code) && step !== undefined && step.sentTarget !== null)
  );
}

/** An error of a channel that answers no request. */
export type Refusal = Pick<ServerMessageOf<'error'>, 'code' | 'message' | 'temporary'> & {
  seq?: number | null | undefined;
};

const PASSING = new Set(['store-unavailable', 'overloaded', 'rate-limit']);

/** Tells whether an error is due to the server's current state and not to the request, so that a retry makes sense. */
export const isPassing = (code: string): boolean => PASSING.has(code);

/** Does the same of an error of a sequence that is open: it may be that there is no room to wake it just now. */
export const delays = (code: string): boolean => isPassing(code) || code === 'sequence-limit';

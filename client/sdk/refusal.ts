import type { UnackedStep } from './unacked-steps.js';

const OF_BLOCKS = new Set(['block-too-long', 'credit-exceeded', 'channel-unknown', 'sequence-failed']);
const OF_TARGETS = new Set(['target-unexpected', 'target-shape', 'target-non-finite', 'target-distribution']);

/**
 * Tells whether an error means that a block of steps was not taken. A target is refused for itself where it came late,
 * and with its block where it came in one.
 *
 * @param step the un-acked step that the error names, if it names one
 */
export function refusesSteps(code: string, step: UnackedStep | undefined): boolean {
  return (
    code.startsWith('step-') ||
    OF_BLOCKS.has(code) ||
    (OF_TARGETS.has(code) && step?.isTargetInBlock === true)
  );
}

const PASSING = new Set(['store-unavailable', 'overloaded', 'rate-limit']);

/** Tells whether an error is of the server's present state and not of what was asked, so that it is asked again. */
export const isPassing = (code: string): boolean => PASSING.has(code);

/**
 * The end of a turn of the event loop, where all messages of the turn leave: one write per socket. `ws` delivers
 * all frames of one TCP chunk in one turn, so the answers to a pipelining producer leave together too.
 */

/** Runs work at the end of this turn. */
export type AtTurnEnd = (work: () => void) => void;

/**
 * Creates a queue of work for the end of a turn. However much is queued, one thing is scheduled.
 *
 * @param onFault takes what a work throws; the others run all the same
 * @param schedule runs a function after the present turn: `process.nextTick`
 */
export function createFlushQueue(
  schedule: (run: () => void) => void,
  onFault: (error: unknown) => void,
): AtTurnEnd {
  let waiting: (() => void)[] = [];
  const run = () => {
    const works = waiting;
    waiting = [];
    for (const work of works) {
      try {
        work();
      } catch (error) {
        onFault(error);
      }
    }
  };
  return (work) => {
    if (waiting.length === 0) schedule(run);
    waiting.push(work);
  };
}

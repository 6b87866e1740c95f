/** Puts the parts of a sequence together. */
import type { EddyError } from '../errors.js';
import type { Schema } from '../fields/sequence-schema.js';
import type { Plain } from '../formats/typed-json.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { changedHealth } from './alert-events.js';
import { BinClosing } from './bin-closing.js';
import type { SequenceRun } from './change.js';
import { Checkpoints } from './checkpoints.js';
import { Intake } from './intake.js';
import { LastTold } from './last-told.js';
import type { Past } from './past/past.js';
import { PendingAcks } from './pending-acks.js';
import { type Recovered, recover } from './recovery.js';
import { Results } from './results/results.js';
import type { Watched } from './results/watched.js';
import { Watching } from './results/watching.js';
import { countRun } from './sequence-counters.js';
import { afterQuiet } from './sequence-health.js';
import type { SequenceParts } from './sequence-parts.js';
import { SilenceWatch } from './silence-watch.js';
import type { Asleep } from './summary.js';
import type { UnderWay } from './work/under-way.js';
import { blockStepsOf, replayStepsOf } from './work-bounds.js';

/** Where a sequence begins, or goes on from. */
export interface Place {
  /** Number of its last step. */
  readonly seq: number;
  readonly epoch: string;
  /** How many events its history had; null where that is not known. */
  readonly events: number | null;
  readonly spec: ModelSpec;
  readonly schema: Schema;
  readonly past: Past;
  /** What was recovered; null if it sleeps. */
  readonly recovered: Recovered | null;
}

export function placeOf(origin: Recovered | Asleep): Place {
  if (!('course' in origin)) return { ...origin, recovered: null };
  const { seq, epoch, events, schema, model } = origin.course;
  return { seq, epoch, events, schema, spec: model.spec, past: origin.past, recovered: origin };
}

/**
 * @param underWay takes what is not quick
 * @param closeBins closes the open bins of a resampled sequence
 */
export function putTogether(
  sequence: Watched,
  parts: SequenceParts,
  log: SequenceStore,
  { seq, spec, schema, past, recovered }: Place,
  underWay: UnderWay,
  closeBins: () => void,
) {
  const { name, channel, limits, clock, models, newEpoch, counters, turns, onFault, store } = parts;
  const { replayed, isCut } = recovered ?? { replayed: 0, isCut: false };
  const blockSteps = blockStepsOf(spec, limits.blockSteps);
  const results = new Results(channel, spec, schema, past);
  const acks = new PendingAcks(seq, { log, clock, limits, store });
  const wall = () => clock.wall();
  const lastTold = new LastTold(store, name, spec, wall);
  const intake = new Intake({ spec, schema, blockSteps, limits, log, acks, newEpoch, wall, counters });
  const closing = new BinClosing(clock.scheduler, closeBins);
  const silence = new SilenceWatch(clock, (quietMs) => {
    const { health, arrivals } = lastTold.summary(sequence.course);
    if (!health) return;
    const silent = afterQuiet(health, arrivals?.usual ?? null, quietMs ?? Number.POSITIVE_INFINITY);
    const [from, to] = quietMs === null ? [silent, health] : [health, silent];
    for (const { event, detail } of changedHealth(from.state, to))
      results.announce(sequence, event, detail, sequence.course?.times.last ?? Number.NaN);
  });
  const checkpoints = new Checkpoints({
    log,
    clock,
    limits,
    store,
    everySteps: replayStepsOf(spec, parts.checkpointSteps),
    isKept: replayed === 0 && !isCut,
    replayed,
    summary: (course) => lastTold.summary(course) as unknown as Plain,
    past,
    underWay,
  });
  return {
    blockSteps,
    past,
    results,
    acks,
    lastTold,
    silence,
    watching: new Watching({ sequence, results, log, past, turns, counters, models, clock, onFault }),
    intake,
    /** Gives its model once more. */
    recover: () =>
      recover(
        name,
        log,
        (spec, from) => models.wake(spec, from),
        () => past,
      ),
    /** Refuses all that is to come, and completes all views. */
    end: (reason: EddyError) => {
      closing.end();
      silence.end();
      intake.end(reason);
      acks.refuse(reason);
      checkpoints.refuse(reason);
      results.complete();
    },
    /** What is after a position of the log is lost: refuses those who wait for it. @param seq number of the last step */
    lose: (why: EddyError, after: number, seq: number) => {
      acks.durableSeq = seq;
      acks.refuse(why, after);
      checkpoints.refuse(why, after);
    },
    count: (run: SequenceRun) => countRun(counters, run),
    schema: () => sequence.schema,
    closing,
    checkpoints,
  };
}

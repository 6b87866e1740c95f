/** Runs a model over blocks, in whichever thread it is called: the library itself, with its WebAssembly kernels. */
import { Model } from '../../../src/rnn/model.js';
import { type ModelSpecInput, outputsOf } from '../../../src/rnn/spec/spec.js';
import { HashTrack } from './hash-track.js';
import type { Batch, Block, Checkpoint, LossOf, Score } from './runner.js';

export class LocalRunner {
  private readonly model: Model;
  private readonly hashes: HashTrack;
  private readonly outputs: number;

  /** @param steps of the whole run. @throws EddyError `spec-invalid` */
  constructor(spec: ModelSpecInput, steps: number) {
    this.model = new Model(spec);
    this.hashes = new HashTrack(steps);
    this.outputs = outputsOf(this.model.spec);
  }

  /** @throws EddyError `step-*`, `target-*` */
  run({ first, count, x, t: times, targets }: Block): Batch {
    const { model, outputs: M } = this;
    const { units: N, features: F } = model.spec;
    const [h, y] = [new Float32Array(count * N), new Float32Array(count * M)];
    const losses: LossOf[] = [];
    const checkpoints: Checkpoint[] = [];
    for (let t = 0; t < count; t++) {
      const result = model.step(x.subarray(t * F, (t + 1) * F), times?.[t]);
      h.set(result.h, t * N);
      if (result.y) y.set(result.y, t * M);
      const late = targets ? model.learn(targets.subarray(t * M, (t + 1) * M)) : [];
      for (const { to, loss } of [...result.updates, ...late]) losses.push({ step: to, loss });
      const checkpoint = this.hashes.add(h.subarray(t * N, (t + 1) * N));
      if (checkpoint) checkpoints.push(checkpoint);
    }
    return { first, count, h, y, losses, score: scoreOf(model.seq, model.metrics), checkpoints, skipped: 0 };
  }
}

interface Scored {
  readonly recentCrossEntropy: number | null;
  readonly recentMae: number | null;
  readonly recentNaiveMae: number | null;
}

/** Gives the error that a page shows: cross-entropy of classes, or else the absolute error, against the naive one. */
export function scoreOf(step: number, { recentCrossEntropy, recentMae, recentNaiveMae }: Scored): Score {
  return recentCrossEntropy === null
    ? { step, error: recentMae, naive: recentNaiveMae }
    : { step, error: recentCrossEntropy, naive: null };
}

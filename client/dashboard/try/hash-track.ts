import { bytesOf, RunningHash } from '../analysis/running-hash.js';
import { CHECKPOINT_EVERY, type Checkpoint } from './runner.js';

/** Hashes hidden states in the order of their steps, and notes the hash now and then, and after the last one. */
export class HashTrack {
  private readonly hash = new RunningHash();
  private count = 0;

  /** @param end states of the whole run */
  constructor(private readonly end: number) {}

  add(h: Float32Array): Checkpoint | null {
    this.hash.update(bytesOf(h));
    this.count++;
    if (this.count % CHECKPOINT_EVERY !== 0 && this.count !== this.end) return null;
    return { count: this.count, hash: this.hash.digest() };
  }
}

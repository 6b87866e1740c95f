/** Measures one message of steps in 16 per socket, so that measuring costs almost nothing. */
import type { WireCounters } from '../telemetry/telemetry.js';

/** Messages of steps per measured one; a power of 2. */
const EVERY = 16;

export class LatencySampler {
  private messages = 0;
  private isMeasuring = false;
  /** The measured steps that await their ack, up to `seq` of `channel`; 0 is no channel. */
  private channel = 0;
  private seq = 0;
  private began = 0;

  constructor(private readonly meters: Pick<WireCounters, 'stepSeconds' | 'ackSeconds'>) {}

  /** A message has arrived whose last step is `seq`. */
  begin(channel: number, seq: number, now: () => number): void {
    this.isMeasuring = (this.messages++ & (EVERY - 1)) === 0 && this.channel === 0;
    if (!this.isMeasuring) return;
    this.channel = channel;
    this.seq = seq;
    this.began = now();
  }

  /** Its steps have been processed. */
  end(steps: number, now: () => number): void {
    if (this.isMeasuring) this.meters.stepSeconds.observe((now() - this.began) / 1000 / steps);
  }

  /** The steps of a channel up to `seq` are durable. */
  acked(channel: number, seq: number, now: () => number): void {
    if (this.channel !== channel || seq < this.seq) return;
    this.channel = 0;
    this.meters.ackSeconds.observe((now() - this.began) / 1000);
  }

  /** Drops the current measurement: its message was refused, or no longer matters. */
  forget(): void {
    this.channel = 0;
  }
}

/** The kinds of fields that messages are made of. */
import { z } from 'zod';

/** Runs of float32 numbers: little-endian bytes in MessagePack, arrays in JSON. */
export const vector = z.instanceof(Float32Array<ArrayBuffer>);
/** Runs of a sensor's numbers, float64 in memory; in MessagePack float32 for a client that does not say `float64`. */
export const readings = z.instanceof(Float64Array<ArrayBuffer>);
/** Times in milliseconds since 1970, always float64. */
export const times = z.instanceof(Float64Array<ArrayBuffer>);
export const uint32 = z.int().min(0).max(0xffff_ffff);
export const channel = z.int().min(1).max(0xffff_ffff);
/** The number of a step, or of any other count. */
export const seq = z.int().min(0);
/** The number of the last step, -1 before the first. */
export const lastSeq = z.int().min(-1);
/** A time in milliseconds since 1970; null if it is not known. */
export const time = z.number().nullable();
/** A score; null until something has been scored. */
export const score = z.number().nullable();
/** How a sequence does, and why, in words. */
export const health = z.object({
  state: z.enum(['warming-up', 'learning', 'no-better-than-baseline', 'diverged', 'silent', 'paused']),
  why: z.string(),
});

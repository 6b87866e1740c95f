/** The kinds of fields that messages are made of. */
import { z } from 'zod';

/** Runs of numbers: little-endian float32 bytes in MessagePack, arrays in JSON, Float32Array in memory. */
export const vector = z.instanceof(Float32Array<ArrayBuffer>);
export const uint32 = z.int().min(0).max(0xffff_ffff);
export const channel = z.int().min(1).max(0xffff_ffff);
/** The number of a step, or of any other count. */
export const seq = z.int().min(0);
/** The number of the last step, -1 before the first. */
export const lastSeq = z.int().min(-1);
/** A score; null until something has been scored. */
export const score = z.number().nullable();

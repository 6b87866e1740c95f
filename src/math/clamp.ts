/** The largest float32; numbers computed for the arena are clamped to it, in every precision. */
export const LARGEST = 3.4028234663852886e38;

/** Gives the number nearest to `value` in [-limit, limit]. */
export const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));

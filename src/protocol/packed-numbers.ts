/** Reads the numbers of packed frames. */

export const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Up to this many numbers, a loop is faster than a copy of bytes. */
export const FEW = 32;

/** Gives a view of the numbers, or a copy if they are not aligned to 4, as in most frames of a socket. */
export function readReals(view: DataView, at: number, length: number): Float32Array<ArrayBuffer> {
  const from = view.byteOffset + at;
  const buffer = view.buffer as ArrayBuffer;
  if (LITTLE_ENDIAN && from % 4 === 0) return new Float32Array(buffer, from, length);
  if (LITTLE_ENDIAN && length > FEW) return new Float32Array(buffer.slice(from, from + 4 * length));
  const copy = new Float32Array(length);
  for (let i = 0; i < length; i++) copy[i] = view.getFloat32(at + 4 * i, true);
  return copy;
}

/** How many readings the steps of small frames share, since arrays of their own would cost more than their contents. */
const SLAB_READINGS = 512;
/** So few have room in the array itself. */
const FEWEST = 8;
let slab = new Float64Array(0);
let slabUsed = 0;

/** Gives room for a few numbers, which is never given again. */
function roomFor(length: number): Float64Array<ArrayBuffer> {
  if (length <= FEWEST || length > SLAB_READINGS / 4) return new Float64Array(length);
  if (slabUsed + length > slab.length) {
    slab = new Float64Array(SLAB_READINGS);
    slabUsed = 0;
  }
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}

/** Gives a copy of float64 numbers, which a frame seldom has where they may lie. */
export function readDoubles(view: DataView, at: number, length: number): Float64Array<ArrayBuffer> {
  const from = view.byteOffset + at;
  if (LITTLE_ENDIAN && length > FEW)
    return new Float64Array((view.buffer as ArrayBuffer).slice(from, from + 8 * length));
  const copy = roomFor(length);
  for (let i = 0; i < length; i++) copy[i] = view.getFloat64(at + 8 * i, true);
  return copy;
}

/** Gives a copy of readings, float64 whatever they travelled as. */
export function readReadings(
  view: DataView,
  at: number,
  length: number,
  width: number,
): Float64Array<ArrayBuffer> {
  if (width === 8) return readDoubles(view, at, length);
  const copy = roomFor(length);
  for (let i = 0; i < length; i++) copy[i] = view.getFloat32(at + 4 * i, true);
  return copy;
}

/** Gives a text that no other client makes: 96 random bits. */
export function randomKey(): string {
  const bits = crypto.getRandomValues(new Uint32Array(3));
  return Array.from(bits, (word) => word.toString(36)).join('');
}

/**
 * A running hash over the bytes of every hidden state: FNV-1a with 64 bits (Fowler, Noll and Vo). Two runs whose hashes
 * are the same at a step had, as good as surely, the same bits at every step up to it. It tells mistakes, not malice.
 */
const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
/** The prime is 2^40 + 0x1b3. */
const PRIME_LOW = 0x1b3;

export class RunningHash {
  /** The 64 bits as two whole numbers: BigInt would be 30 times slower. */
  private high = OFFSET_HIGH;
  private low = OFFSET_LOW;

  /** Adds bytes. Of numbers, give those that lie in memory: little-endian on every machine that has WebAssembly. */
  update(bytes: Uint8Array): void {
    let { high, low } = this;
    for (let i = 0; i < bytes.length; i++) {
      low = (low ^ (bytes[i] as number)) >>> 0;
      // (high 2^32 + low) (2^40 + p) mod 2^64 = (high p + low 2^8 + carry) 2^32 + low p
      const product = low * PRIME_LOW;
      const carry = Math.floor(product / 0x1_0000_0000);
      high = (Math.imul(high, PRIME_LOW) + (low << 8) + carry) >>> 0;
      low = product >>> 0;
    }
    this.high = high;
    this.low = low;
  }

  /** Gives 16 hexadecimal digits. */
  digest(): string {
    return [this.high, this.low].map((half) => half.toString(16).padStart(8, '0')).join('');
  }
}

/** Gives the bytes of numbers, where they lie. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

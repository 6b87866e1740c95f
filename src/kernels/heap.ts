/** Gives out parts of a memory that only grows, takes them back, and gives them out again: first fit, neighbours joined. */
export class Heap {
  /** Free parts, by address; none touches the next. */
  private free: { at: number; size: number }[] = [];
  private end: number;

  /** @param grow makes the memory at least so large, or throws. @param align all parts begin on a multiple of it */
  constructor(
    base: number,
    private readonly grow: (size: number) => void,
    private readonly align: number,
  ) {
    this.end = this.roundUp(base);
  }

  /** Gives the bytes that a part of so many takes. */
  sizeOf(size: number): number {
    return Math.max(this.align, this.roundUp(size));
  }

  allocate(size: number): number {
    const wanted = this.sizeOf(size);
    const index = this.free.findIndex((part) => part.size >= wanted);
    const part = this.free[index];
    if (part) {
      const { at } = part;
      part.at += wanted;
      part.size -= wanted;
      if (part.size === 0) this.free.splice(index, 1);
      return at;
    }
    this.grow(this.end + wanted);
    const at = this.end;
    this.end += wanted;
    return at;
  }

  release(at: number, size: number): void {
    const freed = this.sizeOf(size);
    const index = this.free.findIndex((part) => part.at > at);
    const place = index < 0 ? this.free.length : index;
    this.free.splice(place, 0, { at, size: freed });
    this.join(place);
    this.join(place - 1);
    const last = this.free.at(-1);
    if (last && last.at + last.size === this.end) {
      this.end = last.at;
      this.free.pop();
    }
  }

  /** Joins a free part with the one behind it, where they touch. */
  private join(index: number): void {
    const [part, next] = [this.free[index], this.free[index + 1]];
    if (!part || !next || part.at + part.size !== next.at) return;
    part.size += next.size;
    this.free.splice(index + 1, 1);
  }

  private roundUp(size: number): number {
    return Math.ceil(size / this.align) * this.align;
  }
}

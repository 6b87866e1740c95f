/** Gives out places in one array of numbers, one after the other, before the array is made. */
export class Places {
  length = 0;

  take(count: number): number {
    const at = this.length;
    this.length += count;
    return at;
  }
}

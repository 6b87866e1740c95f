/** What one that is served has left over or owes: work done for it before its turn was over counts against its next. */
interface Place<T> {
  readonly one: T;
  credit: number;
}

/**
 * Serves all in turn, each the same amount of work (deficit round robin; Shreedhar and Varghese 1996): who took more than its
 * share, because a piece could not be smaller, waits until the others have had as much.
 */
export class Round<T> {
  private readonly places: Place<T>[] = [];

  get isEmpty(): boolean {
    return this.places.length === 0;
  }

  add(one: T): void {
    this.places.push({ one, credit: 0 });
  }

  /** Gives whose turn it is. @param share the work of a turn */
  next(share: number): T | undefined {
    const { places } = this;
    if (places.length === 1) return places[0]!.one;
    for (;;) {
      const place = places[0];
      if (!place) return undefined;
      if (place.credit > 0) return place.one;
      place.credit += share;
      if (place.credit > 0) return place.one;
      this.pass();
    }
  }

  /** Counts work that was done for the one whose turn it is. @param isOver it wants no more */
  spend(work: number, isOver: boolean): void {
    const [place] = this.places;
    if (!place) return;
    // alone, nobody takes more than a share
    place.credit = this.places.length > 1 ? place.credit - work : 0;
    if (isOver) this.places.shift();
    else if (place.credit <= 0) this.pass();
  }

  private pass(): void {
    const place = this.places.shift();
    if (place) this.places.push(place);
  }
}

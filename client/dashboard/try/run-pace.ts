/** How many steps are due. What could not be done in time is not caught up: a tab that slept goes on, and does not race. */
export class Pace {
  private owed = 0;
  private at: number | null = null;

  /** @param speed steps a second; 0 as many as can be taken */
  constructor(private readonly speed: number) {}

  /** Gives how many steps are due at a time in milliseconds, at most `room`. */
  due(now: number, room: number): number {
    const passed = this.at === null ? 0 : now - this.at;
    this.at = now;
    if (this.speed === 0) return room;
    this.owed = Math.min(this.owed + (passed * this.speed) / 1000, Math.max(1, room));
    const whole = Math.min(Math.floor(this.owed), room);
    this.owed -= whole;
    return whole;
  }

  /** Time that passes until the next look does not count. */
  rest(): void {
    this.at = null;
  }
}

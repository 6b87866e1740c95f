/** When an element is drawn: as it is asked for or resized, and not while it is out of sight. */
import type { DrawScheduler } from './scheduler.js';

/** Beyond the edge of the window, what is drawn already when it is scrolled to. */
const MARGIN = '150px';

export class Drawing {
  private readonly resized: ResizeObserver;
  private readonly seen: IntersectionObserver;
  private isInSight = true;
  /** It was asked for while it was out of sight. */
  private isDue = false;

  constructor(
    element: Element,
    private readonly scheduler: DrawScheduler,
    private readonly draw: () => void,
  ) {
    this.resized = new ResizeObserver(() => this.request());
    this.seen = new IntersectionObserver((entries) => this.look(entries.at(-1)?.isIntersecting ?? true), {
      rootMargin: MARGIN,
    });
    this.resized.observe(element);
    this.seen.observe(element);
  }

  /** Draws soon, or as soon as it is seen. */
  readonly request = (): void => {
    if (this.isInSight) this.scheduler.request(this.draw);
    else this.isDue = true;
  };

  stop(): void {
    this.resized.disconnect();
    this.seen.disconnect();
    this.scheduler.drop(this.draw);
  }

  private look(isInSight: boolean): void {
    this.isInSight = isInSight;
    if (!isInSight || !this.isDue) return;
    this.isDue = false;
    this.request();
  }
}

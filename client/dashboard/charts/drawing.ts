/** When an element is drawn: as it changes or is resized, and not while it is out of sight. */
import { merge, type Observable } from 'rxjs';
import type { DrawScheduler } from './scheduler.js';

/** Beyond the edge of the window, what is drawn already when it is scrolled to. */
const MARGIN = '150px';

/**
 * Draws an element for as long as it is mounted: soon, and again whenever one of `changes$` emits or its size changes. While
 * it is out of sight that waits until it is seen. Gives what ends it.
 */
export function keepDrawn(
  element: Element,
  scheduler: DrawScheduler,
  draw: () => void,
  ...changes$: Observable<unknown>[]
): () => void {
  let isInSight = true;
  let isDue = false;
  const request = () => {
    if (isInSight) scheduler.request(draw);
    else isDue = true;
  };
  const resized = new ResizeObserver(request);
  const seen = new IntersectionObserver(
    (entries) => {
      isInSight = entries.at(-1)?.isIntersecting ?? true;
      if (!isInSight || !isDue) return;
      isDue = false;
      request();
    },
    { rootMargin: MARGIN },
  );
  resized.observe(element);
  seen.observe(element);
  const changes = merge(...changes$).subscribe(request);
  return () => {
    changes.unsubscribe();
    resized.disconnect();
    seen.disconnect();
    scheduler.drop(draw);
  };
}

/** A canvas, and how large it is, in pixels of the device. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** Pixels of the device in one of CSS. */
  readonly ratio: number;
}

/** Fits a canvas to its place in the page, without clearing it where it fits; null where it has none. */
export function fitCanvas(canvas: HTMLCanvasElement): Sheet | null {
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (width === 0 || height === 0) return null;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return { context: canvas.getContext('2d') as CanvasRenderingContext2D, width, height, ratio };
}

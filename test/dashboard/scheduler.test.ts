import { describe, expect, it } from 'vitest';
import { DrawScheduler, type Ticker } from '../../client/dashboard/charts/scheduler.js';

/** A page whose time is told, with a frame every 16 ms. */
class FakePage implements Ticker {
  time = 0;
  hidden = false;
  private readonly timers = new Set<{ at: number; callback: () => void }>();
  private readonly listeners = new Set<() => void>();

  now = () => this.time;
  isHidden = () => this.hidden;
  frame = (callback: () => void) => this.plan((Math.floor(this.time / 16) + 1) * 16, callback);
  later = (ms: number, callback: () => void) => this.plan(this.time + ms, callback);

  onVisibility(callback: () => void) {
    this.listeners.add(callback);
    return () => {
      this.listeners.delete(callback);
    };
  }

  show(isShown: boolean) {
    this.hidden = !isShown;
    for (const listener of this.listeners) listener();
  }

  /** How much waits to be called back. */
  get waiting() {
    return this.timers.size;
  }

  advance(ms: number) {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next);
      this.time = next.at;
      next.callback();
    }
    this.time = end;
  }

  private plan(at: number, callback: () => void) {
    const timer = { at, callback };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }
}

const start = () => {
  const page = new FakePage();
  const scheduler = new DrawScheduler(page);
  const drawn: [number, string][] = [];
  const draws = ['a', 'b', 'c'].map((name) => () => {
    drawn.push([page.time, name]);
  });
  return { page, scheduler, drawn, draws };
};

describe('the draw scheduler', () => {
  it('draws all that was asked for in one frame, each once', () => {
    const { page, scheduler, drawn, draws } = start();
    for (const draw of [...draws, ...draws]) scheduler.request(draw);
    page.advance(16);
    expect(drawn).toEqual([
      [16, 'a'],
      [16, 'b'],
      [16, 'c'],
    ]);
  });

  it('draws at most 20 times a second, however much comes', () => {
    const { page, scheduler, drawn, draws } = start();
    for (let ms = 0; ms < 2000; ms++) {
      scheduler.request(draws[0]!);
      page.advance(1);
    }
    expect(drawn.length).toBeGreaterThan(25);
    expect(drawn.length).toBeLessThanOrEqual(40);
    drawn.slice(1).forEach(([at], i) => {
      expect(at - drawn[i]![0]).toBeGreaterThanOrEqual(50);
    });
  });

  it('draws nothing and waits for nothing while the page is hidden, and what is due once it is shown', () => {
    const { page, scheduler, drawn, draws } = start();
    scheduler.request(draws[0]!);
    page.show(false);
    for (let i = 0; i < 1000; i++) {
      scheduler.request(draws[1]!);
      expect(page.waiting).toBe(0);
      page.advance(10);
    }
    expect(drawn).toEqual([]);
    page.show(true);
    page.advance(16);
    expect(drawn.map(([, name]) => name)).toEqual(['a', 'b']);
  });

  it('draws the rest, later, where one draw throws', () => {
    const { page, scheduler, drawn, draws } = start();
    scheduler.request(() => {
      throw new Error('broken');
    });
    scheduler.request(draws[1]!);
    expect(() => page.advance(16)).toThrow('broken');
    page.advance(100);
    expect(drawn.map(([, name]) => name)).toEqual(['b']);
  });

  it('forgets what was dropped, and all when it stops', () => {
    const { page, scheduler, drawn, draws } = start();
    for (const draw of draws) scheduler.request(draw);
    scheduler.drop(draws[0]!);
    page.advance(16);
    expect(drawn.map(([, name]) => name)).toEqual(['b', 'c']);
    scheduler.request(draws[0]!);
    scheduler.stop();
    page.advance(1000);
    expect([drawn.length, page.waiting]).toEqual([2, 0]);
  });
});

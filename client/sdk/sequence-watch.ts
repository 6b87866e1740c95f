import { defer, type Observable } from 'rxjs';
import type { View } from '../../src/protocol/views/index.js';
import type { Joined, Results, ViewOptions, Watch } from './api.js';
import { type SequenceViews, sinceOf, wishOf } from './sequence-views.js';

export class SequenceWatch implements Watch {
  constructor(
    readonly sequence: string,
    /** Gives the sequence's views when somebody subscribes. */
    private readonly viewsNow: () => SequenceViews,
  ) {}

  get states$(): Observable<Results['states']> {
    return this.view('states');
  }

  get predictions$(): Observable<Results['predictions']> {
    return this.view('predictions');
  }

  get inputs$(): Observable<Results['inputs']> {
    return this.view('inputs');
  }

  get updates$(): Observable<Results['updates']> {
    return this.view('updates');
  }

  get metrics$(): Observable<Results['metrics']> {
    return this.view('metrics');
  }

  get weights$(): Observable<Results['weights']> {
    return this.view('weights');
  }

  get events$(): Observable<Results['events']> {
    return this.view('events');
  }

  get joined$(): Observable<Joined> {
    return defer(() => this.viewsNow().joined$);
  }

  view<K extends View>(kind: K, options: ViewOptions = {}): Observable<Results[K]> {
    const [wish, since] = [wishOf(options), sinceOf(options)];
    return defer(() => this.viewsNow().observe(kind, wish, since));
  }
}

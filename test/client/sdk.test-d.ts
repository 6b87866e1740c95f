import { interval, map, type Observable, type Observer, of } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import type {
  Client,
  ConnectionState,
  OpenOptions,
  PushedStep,
  Results,
  SequenceHandle,
  StepInput,
  Watch,
} from '../../client/sdk/index.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { SequenceEvent, UpdateEntry, View } from '../../src/protocol/views/index.js';
import type { ModelSpec, ModelSpecInput } from '../../src/rnn/spec/spec.js';

declare const client: Client;
declare const handle: SequenceHandle;
declare const watch: Watch;

describe('the types of the SDK', () => {
  it('give each view its own items', () => {
    expectTypeOf(watch.states$).toEqualTypeOf<Observable<Results['states']>>();
    expectTypeOf<Results['states']['h']>().toEqualTypeOf<Float32Array>();
    expectTypeOf<Results['states']['t']>().toEqualTypeOf<number | null>();
    expectTypeOf(watch.view('predictions')).toEqualTypeOf<Observable<Results['predictions']>>();
    expectTypeOf(watch.view('weights', { every: 1000 })).toEqualTypeOf<Observable<Results['weights']>>();
    expectTypeOf<Results['inputs']['x']>().toEqualTypeOf<Float64Array>();
    expectTypeOf<keyof Results>().toEqualTypeOf<View>();
    expectTypeOf(watch.view).parameter(0).toEqualTypeOf<View>();
    // @ts-expect-error there is no such view
    watch.view('gradients');
  });

  it('give one item of every view the fields of its message', () => {
    expectTypeOf<Results['updates']>().toExtend<UpdateEntry>();
    expectTypeOf<Results['events']>().toExtend<SequenceEvent>();
    expectTypeOf<Results['metrics']>().toEqualTypeOf<
      Readonly<Omit<ServerMessageOf<'metrics'>, 'type' | 'channel'>>
    >();
  });

  it('make a handle an Observer of steps', () => {
    expectTypeOf(handle).toExtend<Observer<StepInput>>();
    of([1, 2]).subscribe(handle);
    interval(10)
      .pipe(map((t) => ({ x: Float32Array.of(t), target: [t] })))
      .subscribe(handle);
    of([1, null]).subscribe(handle);
    // @ts-expect-error text is no step
    of('1').subscribe(handle);
    expectTypeOf(handle.pump([[1], { x: [2] }])).toEqualTypeOf<Promise<void>>();
    // @ts-expect-error a step is not a source of steps
    void handle.pump([1, 2]);
  });

  it('tell what goes in and comes back', () => {
    expectTypeOf(client.open).parameter(1).toEqualTypeOf<OpenOptions | undefined>();
    expectTypeOf(client.open('s')).toEqualTypeOf<SequenceHandle>();
    expectTypeOf<ModelSpecInput>().toExtend<NonNullable<OpenOptions['spec']>>();
    expectTypeOf(handle.push([1])).toEqualTypeOf<PushedStep>();
    expectTypeOf<Awaited<SequenceHandle['opened']>['spec']>().toEqualTypeOf<ModelSpec>();
    expectTypeOf<ConnectionState['status']>().toEqualTypeOf<'connecting' | 'open' | 'waiting' | 'closed'>();
    expectTypeOf<Extract<ConnectionState, { status: 'connecting' }>>().not.toHaveProperty('limits');
  });
});

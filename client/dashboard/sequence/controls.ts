/** What steers a sequence from a page. Each says what it did, or why not. */
import { BehaviorSubject, type Subscription } from 'rxjs';
import type { Client, CodedError, SequenceHandle } from '../../sdk/index.js';

export interface ControlState {
  readonly status: 'opening' | 'ready' | 'refused';
  readonly learning: boolean;
  readonly learningRate: number;
  /** What the last one did, or why not; empty before. */
  readonly said: string;
  readonly isBad: boolean;
  /** One is under way. */
  readonly isBusy: boolean;
}

const FIRST: ControlState = {
  status: 'opening',
  learning: false,
  learningRate: 0,
  said: '',
  isBad: false,
  isBusy: false,
};

export class Controls {
  readonly state$ = new BehaviorSubject<ControlState>(FIRST);
  private handle: SequenceHandle | null = null;
  private watched: Subscription | null = null;

  constructor(
    private readonly client: Client,
    private readonly name: string,
  ) {}

  async open(): Promise<void> {
    try {
      this.handle = this.client.open(this.name, { mode: 'resume' });
      const { learning, learningRate } = await this.handle.opened;
      // it was left meanwhile
      if (!this.handle) return;
      this.set({ status: 'ready', learning, learningRate });
      this.watched = this.client.watch(this.name).events$.subscribe({
        next: ({ event, detail }) => {
          if (event === 'learning-paused') this.set({ learning: false });
          if (event === 'learning-resumed') this.set({ learning: true });
          if (event === 'configured') this.set(settingsOf(detail));
        },
        error: () => undefined,
      });
    } catch (error) {
      this.set({ status: 'refused', ...problem('They are not yours to steer', error) });
    }
  }

  /** Gives the sequence back. */
  close(): void {
    this.watched?.unsubscribe();
    // one whose connection is gone is closed already
    this.handle?.close().catch(() => undefined);
    this.handle = null;
  }

  async setLearning(learning: boolean): Promise<void> {
    await this.run(learning ? 'Learning is on' : 'Learning is off', async (handle) => {
      await handle.configure({ learning });
      this.set({ learning });
    });
  }

  async setLearningRate(learningRate: number): Promise<void> {
    await this.run(`The learning rate is ${learningRate}`, async (handle) => {
      await handle.configure({ learningRate });
      this.set({ learningRate });
    });
  }

  reset(what: 'state' | 'weights'): Promise<void> {
    const done =
      what === 'state' ? 'The hidden state is zero again' : 'State and weights are the first again';
    return this.run(done, (handle) => handle.reset(what));
  }

  checkpoint(): Promise<void> {
    return this.run('A checkpoint is made and durable', (handle) => handle.checkpoint());
  }

  /** Gives the whole sequence as a safetensors file; null where it is refused. */
  async export(): Promise<Uint8Array | null> {
    let file: Uint8Array | null = null;
    await this.run('The file was handed over', async () => {
      file = await this.client.export(this.name);
    });
    return file;
  }

  private async run(done: string, act: (handle: SequenceHandle) => Promise<void>): Promise<void> {
    if (!this.handle) return;
    this.set({ isBusy: true, said: '', isBad: false });
    try {
      await act(this.handle);
      this.set({ said: `${done}.` });
    } catch (error) {
      this.set(problem('Nothing was changed', error));
    } finally {
      this.set({ isBusy: false });
    }
  }

  private set(change: Partial<ControlState>): void {
    this.state$.next({ ...this.state$.value, ...change });
  }
}

function problem(what: string, error: unknown): Pick<ControlState, 'said' | 'isBad'> {
  const { message, code } = error as CodedError;
  return { said: `${what}: ${message}${code ? ` (${code})` : ''}`, isBad: true };
}

function settingsOf({ learning, learningRate }: Readonly<Record<string, unknown>>): Partial<ControlState> {
  return {
    ...(typeof learning === 'boolean' && { learning }),
    ...(typeof learningRate === 'number' && { learningRate }),
  };
}

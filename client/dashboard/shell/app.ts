/** What all pages share. Components get it with `useApp()`. */
import { getContext, setContext } from 'svelte';
import type { DrawScheduler } from '../charts/scheduler.js';
import type { Session } from './session.js';
import type { ThemeChoice } from './theme.js';

export interface App {
  readonly session: Session;
  readonly themes: ThemeChoice;
  /** Through which everything on canvases is drawn. */
  readonly scheduler: DrawScheduler;
  /** Milliseconds, on a clock that only goes forward. */
  readonly now: () => number;
}

const KEY = Symbol('app');

export const provideApp = (app: App): App => setContext(KEY, app);

/** Gives what all pages share; while a component is made. */
export const useApp = (): App => getContext<App>(KEY);

import './strict.js';
import { mount } from 'svelte';
import { connect } from '../sdk/index.js';
import { browserTicker, DrawScheduler } from './charts/scheduler.js';
import App from './shell/App.svelte';
import { Session } from './shell/session.js';
import { ThemeChoice } from './shell/theme.js';

const themes = new ThemeChoice({
  prefersDark: matchMedia('(prefers-color-scheme: dark)'),
  storage: localStorage,
});
themes.theme$.subscribe((theme) => {
  document.documentElement.dataset.theme = theme;
});

mount(App, {
  target: document.body,
  props: {
    app: {
      session: new Session({ url: location.origin, connect, storage: sessionStorage }),
      themes,
      scheduler: new DrawScheduler(browserTicker()),
      now: () => performance.now(),
    },
  },
});

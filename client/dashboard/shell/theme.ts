/** Light or dark: as the system has it, until the user chooses; a choice is remembered. */
import {
  BehaviorSubject,
  combineLatest,
  distinctUntilChanged,
  fromEvent,
  map,
  type Observable,
  startWith,
} from 'rxjs';
import type { Theme } from '../charts/palette.js';

const KEY = 'eddy.theme';

export interface ThemeParts {
  readonly prefersDark: Pick<MediaQueryList, 'matches' | 'addEventListener' | 'removeEventListener'>;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export class ThemeChoice {
  /** What is to be seen. */
  readonly theme$: Observable<Theme>;
  private readonly system: () => Theme;
  private readonly chosen: BehaviorSubject<Theme | null>;

  constructor(private readonly parts: ThemeParts) {
    const { prefersDark, storage } = parts;
    const kept = storage.getItem(KEY);
    this.system = () => (prefersDark.matches ? 'dark' : 'light');
    this.chosen = new BehaviorSubject(kept === 'light' || kept === 'dark' ? kept : null);
    const changes$ = fromEvent(prefersDark as MediaQueryList, 'change').pipe(startWith(null));
    this.theme$ = combineLatest([this.chosen, changes$]).pipe(
      map(([chosen]) => chosen ?? this.system()),
      distinctUntilChanged(),
    );
  }

  get theme(): Theme {
    return this.chosen.value ?? this.system();
  }

  /** Changes to the other one. Where that is what the system has, the choice is forgotten, and the system followed again. */
  toggle(): void {
    const other = this.theme === 'dark' ? 'light' : 'dark';
    const follows = other === this.system();
    if (follows) this.parts.storage.removeItem(KEY);
    else this.parts.storage.setItem(KEY, other);
    this.chosen.next(follows ? null : other);
  }
}

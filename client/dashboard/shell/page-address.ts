/** The page that an address stands for. It is all in the fragment, so that any server of files can serve it. */
import { distinctUntilChanged, fromEvent, map, type Observable, startWith } from 'rxjs';

export type Route =
  | { readonly page: 'fleet' }
  | { readonly page: 'sequence'; readonly name: string }
  /** `query` is the setting of a run, as `try/setting.ts` writes it. */
  | { readonly page: 'try'; readonly query: string }
  | { readonly page: 'unknown'; readonly path: string };

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = split(hash.replace(/^#/, ''), '?');
  if (path === '' || path === '/') return { page: 'fleet' };
  if (path === '/try') return { page: 'try', query };
  const name = path.startsWith('/s/') ? decode(path.slice(3)) : null;
  return name ? { page: 'sequence', name } : { page: 'unknown', path };
}

export const fleetPath = '#/';
export const sequencePath = (name: string): string => `#/s/${encodeURIComponent(name)}`;
export const tryPath = (query = ''): string => (query ? `#/try?${query}` : '#/try');

/** Gives the page that the address bar stands for, now and whenever it changes. */
export const watchRoute = (view: Window): Observable<Route> =>
  fromEvent(view, 'hashchange').pipe(
    startWith(null),
    map(() => view.location.hash),
    distinctUntilChanged(),
    map(parseRoute),
  );

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

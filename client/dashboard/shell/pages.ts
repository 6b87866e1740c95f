import type { Component } from 'svelte';
import Fleet from '../fleet/Fleet.svelte';
import type { Route } from './route.js';
import Unknown from './Unknown.svelte';

type Page = Component<{ route: Route }>;

/** Gives the component of a page. The one to try things on, with the network itself, is loaded when it is asked for. */
export async function pageOf({ page }: Route): Promise<Page> {
  switch (page) {
    case 'fleet':
      return Fleet as Page;
    case 'try':
      return (await import('../try/TryIt.svelte')).default as Page;
    case 'sequence':
    case 'unknown':
      return Unknown as Page;
  }
}

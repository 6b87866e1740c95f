import type { Component } from 'svelte';
import Fleet from '../fleet/Fleet.svelte';
import type { Route } from './page-address.js';
import Unknown from './Unknown.svelte';

type Page = Component<{ route: Route }>;

/** Gives the component of a page. Those with charts, and the one with the network itself, are loaded when they are asked for. */
export async function pageOf({ page }: Route): Promise<Page> {
  switch (page) {
    case 'fleet':
      return Fleet as Page;
    case 'try':
      return (await import('../try/TryIt.svelte')).default as Page;
    case 'sequence':
      return (await import('../sequence/SequencePage.svelte')).default as Page;
    case 'unknown':
      return Unknown as Page;
  }
}

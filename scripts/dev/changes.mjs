/** Watches folders for changed TypeScript files. */
import { watch } from 'node:fs';
import { join } from 'node:path';

/** Editors write a file in several steps, and save several files at once. */
const SETTLED_MS = 30;

/**
 * Calls `onChange` with the TypeScript files that changed, relative to `root`, and waits for it to resolve before it
 * calls again with those that changed meanwhile.
 */
export function watchChanges(root, folders, onChange) {
  const changed = new Set();
  let timer;
  let isBusy = false;
  const tell = async () => {
    if (isBusy) return;
    isBusy = true;
    while (changed.size > 0) {
      const files = [...changed];
      changed.clear();
      await onChange(files);
    }
    isBusy = false;
  };
  const watchers = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_event, name) => {
      if (!name?.endsWith('.ts')) return;
      changed.add(join(folder, name));
      clearTimeout(timer);
      timer = setTimeout(tell, SETTLED_MS);
    }),
  );
  const end = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  return { end };
}

/** Child processes that end together with their own children. */
import { spawn } from 'node:child_process';

/** Starts Node with a process group of its own, so that `endChild` reaches the processes that the child started. */
export const startNode = (args, options) => spawn(process.execPath, args, { ...options, detached: true });

/** Asks a child to end, ends it after `patienceMs`, and resolves when it is gone. */
export async function endChild(child, patienceMs = 5000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  signal(child, 'SIGTERM');
  const timer = setTimeout(() => signal(child, 'SIGKILL'), patienceMs);
  await gone;
  clearTimeout(timer);
}

function signal({ pid }, name) {
  try {
    process.kill(-pid, name);
  } catch (error) {
    // it ended in the meantime
    if (error.code !== 'ESRCH') throw error;
  }
}

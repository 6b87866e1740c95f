import { execSync } from 'node:child_process';

/** Is a program installed here? */
export function hasCommand(name: string): boolean {
  try {
    execSync(`command -v ${name}`, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

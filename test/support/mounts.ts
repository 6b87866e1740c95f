/** Disks that can be filled, taken out and copied, where the machine lets one mount something. */
import { execFileSync, execSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a command of the shell; false if it fails. */
export const can = (command: string): boolean => {
  try {
    execSync(command, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
export const hasPrlimit = can('prlimit --version');
export const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-mount-'));
  const done = can(`mount -t tmpfs -o size=1m tmpfs ${folder}`) && can(`umount ${folder}`);
  rmSync(folder, { recursive: true });
  return done;
})();
export const canLoop = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-mount-'));
  const [image, disk] = [join(folder, 'image'), join(folder, 'disk')];
  mkdirSync(disk);
  const made = can(`truncate -s 1M ${image} && mkfs.ext4 -q ${image} && findmnt --version`);
  const done = made && can(`mount -o loop ${image} ${disk}`) && can(`umount ${disk}`);
  rmSync(folder, { recursive: true });
  return done;
})();

/** An ext4 file system in a file, mounted at a folder. */
export class ImageDisk {
  constructor(
    readonly image: string,
    readonly folder: string,
  ) {
    mkdirSync(folder, { recursive: true });
  }

  static make(image: string, folder: string, megabytes: number): ImageDisk {
    execFileSync('truncate', ['-s', `${megabytes}M`, image]);
    execFileSync('mkfs.ext4', ['-q', image]);
    return new ImageDisk(image, folder);
  }

  mount(): this {
    execFileSync('mount', ['-o', 'loop', this.image, this.folder]);
    return this;
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder]);
  }

  /** Copies the image as it is at one moment. Nobody may write to the file system meanwhile; what waits in memory is not in it. */
  copyTo(image: string): void {
    do execFileSync('cp', ['--sparse=always', this.image, image]);
    while (!can(`cmp -s ${this.image} ${image}`));
  }
}

/** The part of `fs-native-extensions` that is used; the package has no types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on a whole file, or gives false if another descriptor has one. */
  export function tryLock(fd: number): boolean;
}

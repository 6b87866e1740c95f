/** The part of `fs-native-extensions` that is used; the package has no types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on a file, or on some of its bytes, or gives false if another descriptor has one. */
  export function tryLock(fd: number, offset?: number, length?: number): boolean;
}

/** What is used of `fs-native-extensions`, which brings no types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on a whole file, or gives false where another descriptor has one. */
  export function tryLock(fd: number): boolean;
}

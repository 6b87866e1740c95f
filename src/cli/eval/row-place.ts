/** Where in a file something was seen. */
export interface Place {
  readonly row: number;
  readonly line: number;
  readonly timestamp: string | null;
  /** The same in milliseconds since 1970, or null. */
  readonly t: number | null;
}

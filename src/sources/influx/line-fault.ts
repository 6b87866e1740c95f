/**
 * Why a line cannot be read, and the byte at which that is seen. It is no `Error`: a body may have a million such lines, and to note
 * where each was thrown would take seconds.
 */
export class LineFault {
  constructor(
    readonly at: number,
    readonly message: string,
  ) {}
}

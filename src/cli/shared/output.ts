/** Where commands write: data to stdout, messages to stderr, colours only on a terminal. */
import colors from 'picocolors';

/** Writes one line of data, and waits while the reader of a pipe is slow. */
export async function writeLine(text: string): Promise<void> {
  if (process.stdout.write(`${text}\n`)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

/** Ends the process quietly when nobody reads a stream any more, as `head` does once it has enough. */
export function endWhenUnread(...streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Colours for a stream: none if NO_COLOR is set or the stream is not a terminal. */
export function colorsFor(stream: NodeJS.WriteStream): ReturnType<typeof colors.createColors> {
  return colors.createColors(stream.isTTY === true && !process.env.NO_COLOR);
}

/** Resolves at the first SIGINT or SIGTERM. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** A TCP proxy in front of a server, which can be cut in the middle of anything. */
import { connect, createServer, type Socket } from 'node:net';

/** @param port of the server; asked for at each connection where it is not known yet */
export async function startProxy(port: number | (() => number)) {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((near) => {
    if (!isOpen) return near.destroy();
    const far = connect(typeof port === 'number' ? port : port(), '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    /** Breaks every connection through it, without a farewell. */
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    /** Lets no new connection through. */
    block: (blocked: boolean) => {
      isOpen = !blocked;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

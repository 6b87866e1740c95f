/** The dashboard, served by vite: most changes show without a reload. */
import { join } from 'node:path';
import { createLogger, createServer } from 'vite';

/** Serves the page on `port`, with its requests sent on to the server at `serverUrl`, and gives its URL. */
export async function servePage(root, { port, serverUrl }) {
  process.env.DASHBOARD_SERVER = serverUrl;
  const page = join(root, 'client/dashboard');
  const vite = await createServer({
    configFile: join(page, 'vite.config.ts'),
    root: page,
    customLogger: withoutRestarts(createLogger('info', { prefix: 'page' })),
    clearScreen: false,
    server: { host: '127.0.0.1', port, strictPort: false },
  });
  await vite.listen();
  const { port: actual } = vite.httpServer.address();
  return { url: `http://127.0.0.1:${actual}/`, end: () => vite.close() };
}

/** Hides connection errors while the server restarts: the page reconnects by itself. */
function withoutRestarts(logger) {
  const { error } = logger;
  return {
    ...logger,
    error: (text, options) => {
      const code = options?.error?.code;
      if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET') error(text, options);
    },
  };
}

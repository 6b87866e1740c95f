// Eddy inside a program of your own: its sockets on your HTTP server, your own decision who may connect, and a sequence in
// the same process.
//
//   node examples/embed-server.mjs [port]
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'eddy/server';

const eddy = createServer({
  logLevel: 'warn',
  // who asks with this key may do everything with the sequences of the pumps; whoever else may watch
  authorize: ({ token }) =>
    token === 'pump-key'
      ? { name: 'pumps', roles: ['admin'], sequences: ['pump-*'] }
      : { name: 'guest', roles: ['subscribe'] },
});

const http = createHttpServer((request, response) => {
  if (request.url === '/') response.end('Eddy is at /stream\n');
  else void eddy.handle(request, response); // its dashboard, /livez, /metrics
});
eddy.attach(http);

http.listen(Number(process.argv[2] ?? 0), '127.0.0.1', async () => {
  const client = await eddy.client();
  const pump = client.open('pump-1', { spec: { features: 2, units: 8 } });
  pump.states$.subscribe(({ seq, h }) => {
    if (seq === 99) console.log(`in process: step ${seq}, h[0] ${h[0].toFixed(3)}`);
  });
  for (let t = 0; t < 100; t++) pump.push([Math.sin(t / 5), Math.cos(t / 7)]);
  await pump.drained();
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});

process.on('SIGTERM', async () => {
  await eddy.stop();
  http.close();
});

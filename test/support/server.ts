/** A real server on a free port, and clients of it that share no code with the SDK. */
import { decode, encode } from '@msgpack/msgpack';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import WebSocket, { type ClientOptions } from 'ws';
import type { Limits } from '../../src/limits.js';
import type { SecurityOptions } from '../../src/server/auth/credentials.js';
import { createServer, type ServerOptions } from '../../src/server/create-server.js';

type Plain = Record<string, unknown>;

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Starts a server, which stops when the test ends. */
export async function startServer(
  limits: Partial<Limits> = {},
  port = 0,
  { security = {}, ...options }: Partial<ServerOptions> & { security?: SecurityOptions } = {},
) {
  const logger = pino({ level: 'silent' });
  const server = createServer({
    logger,
    limits,
    shutdown: { spreadMs: 0 },
    ...settingsOf(security),
    ...options,
  });
  const at = await server.listen({ port });
  endings.push(() => server.stop());
  return { server, url: `ws://127.0.0.1:${at.port}`, httpUrl: `http://127.0.0.1:${at.port}`, port: at.port };
}

/** Numbers as little-endian float32, or float64. */
const floats = (values: Iterable<number>, isWide = false) => {
  const width = isWide ? 8 : 4;
  const bytes = new DataView(new ArrayBuffer([...values].length * width));
  [...values].forEach((value, i) => {
    if (isWide) bytes.setFloat64(i * width, value, true);
    else bytes.setFloat32(i * width, value, true);
  });
  return new Uint8Array(bytes.buffer);
};

const unfloats = (bytes: Uint8Array, isWide = false) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isWide) return Array.from({ length: bytes.byteLength / 8 }, (_, i) => view.getFloat64(i * 8, true));
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
};

const VECTORS = ['x', 'targets', 'h', 'y', 't'];
/** Is a field float64, for a client that said `float64` or one that did not? */
const isWide = (field: string, float64: boolean) =>
  field === 't' || (float64 && (field === 'x' || field === 'targets'));

/** Packs steps as docs/protocol.md lays them out. */
function packSteps({ channel, seq, count, x, targets = [], t = [] }: Plain, float64: boolean): Uint8Array {
  const [xs, ts, T] = [x as number[], targets as number[], count as number];
  const times = t as number[];
  const head = new DataView(new ArrayBuffer(float64 ? 32 : 28));
  if (float64) head.setUint16(2, times.length > 0 ? 3 : 2, true);
  head.setUint8(0, 0xc1);
  head.setUint8(1, 1);
  head.setUint32(4, channel as number, true);
  head.setBigUint64(8, BigInt(seq as number), true);
  head.setUint32(16, T, true);
  head.setUint32(20, xs.length / T, true);
  head.setUint32(24, ts.length / T, true);
  const body = [floats(times, true), floats(xs, float64), floats(ts, float64)];
  return Buffer.concat([new Uint8Array(head.buffer), ...body]);
}

/** Unpacks a frame that a server packed, as docs/protocol.md lays it out. */
function unpack(frame: Uint8Array): Plain {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const channel = view.getUint32(4, true);
  const seq = Number(view.getBigUint64(8, true));
  if (frame[1] === 4) return { type: 'ack', channel, seq };
  const count = view.getUint32(16, true);
  const skipped = Number(view.getBigUint64(24, true));
  const flags = view.getUint16(2, true);
  const [type, field] = { 2: ['states', 'h'], 3: ['predictions', 'y'], 5: ['inputs', 'x'] }[frame[1]!]!;
  const at = 32 + (flags & 1 ? 8 * count : 0);
  const end = flags & 4 ? frame.length - 8 : frame.length;
  return {
    type,
    channel,
    seq,
    count,
    skipped,
    ...(flags & 1 && { t: unfloats(frame.subarray(32, at), true) }),
    [field!]: unfloats(frame.subarray(at, end), (flags & 2) > 0),
    ...(flags & 4 && { interval: view.getFloat64(end, true) }),
  };
}

/** Speaks the protocol by docs/protocol.md alone: vectors are arrays of numbers on both sides of it. */
export class RawClient {
  /** All that came, in order. */
  readonly received: Plain[] = [];
  /** Packed frames among it. */
  packed = 0;
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly wakers = new Set<() => void>();
  private ids = 0;
  /** Did its hello say `float64`? */
  private float64 = false;

  private constructor(
    readonly socket: WebSocket,
    private readonly encoding: 'msgpack' | 'json',
  ) {
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? this.decode(data as Buffer) : (JSON.parse(String(data)) as Plain);
      for (const field of VECTORS)
        if (message[field] instanceof Uint8Array)
          message[field] = unfloats(message[field], isWide(field, this.float64));
      this.received.push(message);
      for (const wake of this.wakers) wake();
    });
    this.closed = new Promise((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  /** Connects, and greets unless told not to. */
  static async connect(
    url: string,
    encoding: 'msgpack' | 'json' = 'msgpack',
    greet = true,
    options: ClientOptions = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(`${url}/stream`, [`eddy.v1.${encoding}`], options);
    const client = new RawClient(socket, encoding);
    endings.push(() => socket.terminate());
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    if (greet) {
      client.send({ type: 'hello', version: 1 });
      await client.next('welcome');
    }
    return client;
  }

  send(message: Plain): void {
    const plain = { ...message };
    if (message.type === 'hello') this.float64 = message.float64 === true;
    if (this.encoding === 'msgpack')
      for (const field of VECTORS)
        if (Array.isArray(plain[field]))
          plain[field] = floats(plain[field] as number[], isWide(field, this.float64));
    this.socket.send(this.encoding === 'msgpack' ? encode(plain) : JSON.stringify(plain));
  }

  sendPacked(message: Plain): void {
    this.socket.send(packSteps(message, this.float64));
  }

  /** Sends a request with a fresh id, and gives its answer or the error instead of it. */
  async request(message: Plain): Promise<Plain> {
    const id = ++this.ids;
    this.send({ ...message, id });
    return this.find((answer) => answer.re === id);
  }

  /** Opens a sequence and gives its channel. */
  async open(sequence: string, spec?: Plain): Promise<number> {
    const answer = await this.request({ type: 'open', sequence, mode: 'either', ...(spec ? { spec } : {}) });
    if (answer.type !== 'opened') throw new Error(JSON.stringify(answer));
    return answer.channel as number;
  }

  /** Gives the first message of a type that has come or comes, from the `from`th received on. */
  next(type: string, from = 0): Promise<Plain> {
    return this.find((message) => message.type === type, from);
  }

  async find(matches: (message: Plain) => boolean, from = 0): Promise<Plain> {
    for (;;) {
      const found = this.received.slice(from).find(matches);
      if (found) return found;
      await this.change();
    }
  }

  /** Waits until all that this client has sent has been answered. */
  async settle(): Promise<void> {
    await this.request({ type: 'close', channel: 0xffff_ffff });
  }

  all(type: string): Plain[] {
    return this.received.filter((message) => message.type === type);
  }

  private decode(frame: Buffer): Plain {
    if (frame[0] !== 0xc1) return decode(frame) as Plain;
    this.packed++;
    return unpack(frame);
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.wakers.delete(wake);
        resolve();
      };
      this.wakers.add(wake);
    });
  }
}

/** Says in the configuration's form who may connect. */
function settingsOf({ tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, ...others }: SecurityOptions) {
  const { origins, tlsCert, tlsKey } = others;
  const jwt = {
    key: jwtKey ?? '',
    audience: jwtAudience ?? '',
    issuer: jwtIssuer,
    algorithms: jwtAlgorithms,
  };
  return {
    tokens,
    origins: [...(origins ?? [])],
    ...(jwtKey && { jwt: { ...jwt, algorithms: jwtAlgorithms && [...jwtAlgorithms] } }),
    ...(tlsCert && tlsKey && { tls: { cert: tlsCert, key: tlsKey } }),
  };
}

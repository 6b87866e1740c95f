/** The messages whose frames clients of other languages are held by: each type, with and without its optional fields. */

const T0 = 1_795_651_200_000;
const wave = (length, step = 1) => Float64Array.from({ length }, (_, i) => Math.sin(0.37 * i) * step);
const narrow = (length) => Float32Array.from({ length }, (_, i) => Math.cos(0.37 * i));
const times = (length) => Float64Array.from({ length }, (_, i) => T0 + 250.5 * i);
const fields = [{ name: 'pressure', unit: 'hPa', description: 'at the inlet' }, { name: 'Durchfluß' }];
const spec = { features: 2, units: 4, task: { kind: 'forecast', horizon: [1, 24] } };

/** What clients send. */
export const clientMessages = () => [
  { type: 'hello', version: 1 },
  { type: 'hello', version: 1, packed: true, float64: true, agent: 'a client', token: 'secret' },
  { type: 'open', sequence: 'plant/pump-1', mode: 'either', spec, fields, id: 1 },
  { type: 'open', sequence: 'p', mode: 'resume', id: 70_000 },
  {
    type: 'open',
    sequence: 'r',
    mode: 'create',
    spec,
    resample: { every: 60_000, fill: 'hold' },
    id: 4_294_967_295,
  },
  { type: 'steps', channel: 1, seq: 0, count: 2, x: Float64Array.of(1, -2.5) },
  { type: 'steps', channel: 7, seq: 300, count: 1, x: Float64Array.of(0.1, Number.NaN, 1e-300) },
  {
    type: 'steps',
    channel: 4_294_967_295,
    seq: 2 ** 53 - 64,
    count: 40,
    x: wave(120, 1013.25),
    t: times(40),
  },
  {
    type: 'steps',
    channel: 3,
    seq: 5,
    count: 3,
    x: wave(6),
    t: Float64Array.of(T0, Number.NaN, T0 + 1),
    targets: wave(3),
  },
  { type: 'targets', seq: 12, targets: wave(2), channel: 1, id: 9 },
  { type: 'append', x: Float64Array.of(1.5, Number.NaN), key: 'gateway-1', t: T0 + 0.5, channel: 2, id: 10 },
  { type: 'append', values: { pressure: 1013.25, valve: true, flow: null }, key: 'k', sequence: 'p', id: 11 },
  { type: 'flush', channel: 1, id: 12 },
  {
    type: 'subscribe',
    sequence: 'p',
    view: 'predictions',
    every: 0,
    delivery: 'every',
    ranges: true,
    last: 1000,
    id: 13,
  },
  {
    type: 'subscribe',
    sequence: 'p',
    view: 'events',
    every: 250,
    delivery: 'latest',
    after: { epoch: 'e', seq: -1, event: 4 },
    id: 14,
  },
  { type: 'subscribe', sequence: 'p', view: 'inputs', every: 0, delivery: 'every', from: T0 + 0.25, id: 15 },
  { type: 'unsubscribe', channel: 1, view: 'states', id: 16 },
  { type: 'configure', learning: false, learningRate: 0.003, channel: 1, id: 17 },
  { type: 'reset', what: 'weights', channel: 1, id: 18 },
  { type: 'checkpoint', channel: 1, id: 19 },
  { type: 'close', channel: 1, id: 20 },
  { type: 'list', limit: 100, after: 'p', id: 21 },
  { type: 'remove', sequence: 'p', id: 22 },
];

const place = { re: 1, channel: 1, sequence: 'p', epoch: 'cd4e8701', seq: -1, spec, fields };
const results = { channel: 1, seq: 41, count: 3, skipped: 2, t: times(3) };
const scores = Object.fromEntries(
  [
    'scored',
    'mae',
    'rmse',
    'nrmse',
    'mape',
    'recentMae',
    'recentRmse',
    'naiveMae',
    'recentNaiveMae',
    'seasonalMae',
  ]
    .concat(['recentSeasonalMae', 'skill', 'recentSkill', 'seasonalSkill', 'recentSeasonalSkill'])
    .map((name, i) => [name, i % 4 === 3 ? null : i / 8]),
);
const classes = { crossEntropy: null, recentCrossEntropy: null, accuracy: null, recentAccuracy: null };

/** What servers send. */
export const serverMessages = () => [
  {
    type: 'welcome',
    version: 1,
    server: 'eddy/0.1.0',
    limits: { frameBytes: 1_048_576, modelBytes: 2_147_483_648 },
  },
  {
    type: 'opened',
    ...place,
    durable: -1,
    created: true,
    blockSteps: 256,
    learning: true,
    learningRate: 0.002,
  },
  { type: 'subscribed', ...place, view: 'events', recovered: false, begins: 0, event: -1 },
  { type: 'appended', re: 2, channel: 1, seq: 2 ** 53 - 1 },
  {
    type: 'listing',
    re: 3,
    total: 1,
    sequences: [{ sequence: 'p', awake: true, seq: 9, t: T0, x: [1, null] }],
    more: false,
  },
  { type: 'done', re: 4 },
  { type: 'done', re: 5, refused: 3 },
  { type: 'ack', channel: 1, seq: 255 },
  { type: 'ack', channel: 4_294_967_295, seq: 2 ** 53 - 1 },
  { type: 'part', part: 0, parts: 2, data: Uint8Array.of(1, 2, 255) },
  { type: 'states', ...results, h: narrow(12) },
  { type: 'states', ...results, seq: 2 ** 53 - 64, t: new Float64Array(3).fill(Number.NaN), h: narrow(3) },
  { type: 'predictions', ...results, interval: null, y: narrow(6) },
  { type: 'predictions', ...results, interval: 250.5, y: narrow(6), range: narrow(6) },
  { type: 'inputs', ...results, x: Float64Array.of(1013.123456789, Number.NaN, 1e-300, -1, 2, 3) },
  {
    type: 'updates',
    channel: 1,
    seq: 63,
    skipped: 0,
    updates: [
      {
        update: 2,
        from: 32,
        to: 63,
        t: T0,
        losses: 32,
        loss: 0.25,
        gradientNorm: null,
        clipped: false,
        applied: true,
        learningRate: 0.002,
        duration: 0.75,
      },
    ],
  },
  {
    type: 'metrics',
    channel: 1,
    seq: 63,
    t: T0,
    skipped: 0,
    updates: 2,
    anomaly: 0.5,
    ...scores,
    scored: 63,
    ...classes,
    outputs: [],
  },
  {
    type: 'weights',
    channel: 1,
    seq: 63,
    t: null,
    skipped: 0,
    updates: 2,
    inputs: 2,
    names: ['pressure', 'flow'],
    w: narrow(8),
    b: narrow(2),
    wy: narrow(4),
    by: narrow(2),
    from: -1,
    to: -1,
    saliency: new Float32Array(0),
  },
  {
    type: 'events',
    channel: 1,
    skipped: 0,
    events: [
      {
        event: 'anomaly',
        seq: 63,
        t: T0,
        epoch: 'cd4e8701',
        detail: { score: 0.75, fields: [{ field: 'pressure', unit: 'hPa' }] },
        number: 4,
      },
    ],
  },
  {
    type: 'error',
    code: 'step-gap',
    message: 'step 5 came; step 2 is expected',
    temporary: false,
    channel: 1,
    seq: 5,
  },
  {
    type: 'error',
    code: 'server-shutdown',
    message: 'the server is shutting down',
    temporary: true,
    retryMs: 250,
  },
];

/** The house: imports go down only. test/house.test.ts shows that a forbidden import is caught. */
const only = (name, comment, to, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: allowed },
  to: { path: to },
});

/** What each floor may stand on. */
const floors = {
  math: [],
  kernels: ['math'],
  features: ['math'],
  formats: ['math'],
  reading: ['fields'],
  rnn: ['kernels', 'math', 'features'],
  fields: ['rnn', 'features'],
  exchange: ['rnn', 'features', 'fields', 'formats', 'math'],
  signals: ['rnn', 'math'],
  operators: ['rnn', 'kernels', 'features', 'math'],
  protocol: [],
  store: ['formats', 'math'],
  sequence: ['operators', 'fields', 'features', 'rnn', 'kernels', 'protocol', 'store', 'formats', 'math'],
  sources: ['sequence', 'reading', 'fields', 'features', 'protocol', 'formats', 'math'],
  server: [
    'sources',
    'formats',
    'sequence',
    'reading',
    'store',
    'operators',
    'fields',
    'features',
    'rnn',
    'kernels',
    'protocol',
    'math',
  ],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(floors).map(([floor, below]) => ({
      name: `${floor}-goes-down`,
      comment: `src/${floor} may import ${['itself', 'src/errors', 'src/limits', 'src/clock', ...below].join(', ')}`,
      severity: 'error',
      from: { path: `^src/${floor}/` },
      to: {
        path: '^src/',
        pathNot: `^src/((errors|limits|clock|version)\\.ts$|(${[floor, ...below].join('|')})/)`,
      },
    })),
    {
      name: 'client-sees-the-protocol-only',
      comment:
        'client may import the protocol, errors, limits, the model and the reader of files, which run in a page too',
      severity: 'error',
      from: { path: '^client/' },
      to: {
        path: '^src/',
        pathNot: '^src/((errors|limits)\\.ts$|(protocol|rnn|signals|kernels|features|fields|reading|math)/)',
      },
    },
    {
      name: 'who-imports-the-client',
      comment: 'the command line, and the server for a client in its own process',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|server/(index|eddy-server|in-process)\\.ts$)' },
      to: { path: '^client/' },
    },
    {
      name: 'no-way-to-tests',
      severity: 'error',
      from: { path: '^(src|client)/' },
      to: { path: '^(test|scripts)/' },
    },
    only('msgpackr-in-the-codec', 'one place knows the bytes', '^node_modules/msgpackr', [
      '^src/protocol/codec\\.ts$',
      '^(test|scripts)/',
      '^node_modules/',
    ]),
    only(
      'ws-in-the-server',
      'and in the SDK for Node, which lacks a WebSocket',
      '^node_modules/(@types/)?ws/',
      ['^src/server/', '^client/sdk/node\\.ts$', '^(test|scripts)/', '^node_modules/'],
    ),
    only('lmdb-in-the-store', 'one place knows the database', '^node_modules/lmdb/', [
      '^src/store/lmdb/lmdb-(disk|side)\\.ts$',
      '^(test|scripts)/',
      '^node_modules/',
    ]),
    only('jose-in-the-server', 'one place judges tokens', '^node_modules/jose/', [
      '^src/server/auth/',
      '^(test|scripts)/',
      '^node_modules/',
    ]),
    {
      name: 'rnn-is-pure',
      comment: 'the model knows no package but zod (the spec) and pure-rand (first weights)',
      severity: 'error',
      from: { path: '^src/(math|rnn|features|fields|kernels)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'], pathNot: '^node_modules/(zod|pure-rand)/' },
    },
    {
      name: 'isomorphic',
      comment: 'a browser loads these: no module of Node',
      severity: 'error',
      from: {
        path: '^(src/(math|kernels|features|fields|formats|exchange|reading|rnn|signals|operators|protocol)/|src/(errors|limits)\\.ts|client/)',
        pathNot: '^client/sdk/node\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist/|client/sdk/dist/|src/kernels/assembly/|scripts/bench/peers/)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs'],
    },
  },
};

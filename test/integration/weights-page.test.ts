/** What docs/integrations/weights.md and docs/formats.md tell a user to run, run as it stands there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Model, type ModelSpecInput, readWeights, toOnnx } from '../../src/index.js';
import { run, serve } from '../support/cli.js';
import { exportModel, filled, floats, recurrentGraph, tensorFile } from '../support/exchange.js';
import { NEEDS_ORT, ortPath } from '../support/onnxruntime.js';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const pageOf = (path: string) => readFileSync(root(path), 'utf8');
const page = pageOf('docs/integrations/weights.md');
const blocks = (text: string, language: string) =>
  Array.from(text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs')), ([, block = '']) => block);
const [torch = '', keras = '', onnx = '', back = ''] = blocks(page, 'sh');
const [saveTorch = ''] = blocks(page, 'python');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-weights-'));
  const rows = Array.from({ length: 100 }, (_, i) => {
    const time = new Date(Date.UTC(2024, 0, 1) + i * 3_600_000).toISOString();
    return `${time},${(100 + 5 * Math.sin(i / 4)).toFixed(3)}`;
  });
  writeFileSync(join(folder, 'load.csv'), `time,load\n${rows.join('\n')}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the lines of a block, with files in the test's folder and a server of the test's own; gives what they write. */
async function runBlock(block: string, url: string): Promise<string> {
  let written = '';
  for (const line of block.trim().split('\n')) {
    const [npx, eddy, ...args] = line.split(' ');
    expect([npx, eddy]).toEqual(['npx', 'eddy']);
    const own = args.map((arg) => (/\.(safetensors|csv|onnx)$/.test(arg) ? join(folder, arg) : arg));
    const { code, stdout, stderr } = await run([...own, '--url', url]);
    expect([line, code, code === 0 ? '' : stderr]).toEqual([line, 0, '']);
    written += stdout;
  }
  return written;
}

/** Runs a program of a page with its packages where they are here. */
function runProgram(program: string): string {
  const file = join(folder, 'program.mjs');
  const text = program
    .replace("'eddy'", `'${root('dist/src/index.js')}'`)
    .replace(/import (\{[^}]*\}) from 'onnxruntime-node'/, `import ort from '${ortPath}'; const $1 = ort`);
  writeFileSync(file, text);
  return execFileSync(process.execPath, [file], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const one = (value: number) => filled([1], value);
const torchFile = () =>
  tensorFile({
    'rnn.weight_ih_l0': { shape: [4, 1], data: [0, 0.1, 0.2, 0.3] },
    'rnn.weight_hh_l0': filled([4, 4], 0.05),
    'rnn.bias_ih_l0': filled([4], 0),
    'rnn.bias_hh_l0': filled([4], 0),
    'fc.weight': filled([1, 4], 0.5),
    'fc.bias': one(0),
    ...{ x_mean: one(100), x_std: one(5), y_mean: one(100), y_std: one(5) },
  });
const kerasFile = () =>
  tensorFile({
    'sequential/gru/gru_cell/kernel': filled([1, 9], 0.1),
    'sequential/gru/gru_cell/recurrent_kernel': filled([3, 9], 0.1),
    'sequential/gru/gru_cell/bias': filled([2, 9], 0.1),
    'sequential/dense/kernel': filled([3, 1], 0.1),
    'sequential/dense/bias': one(0.1),
  });

describe('the page of weights', () => {
  it('[ONX20] shows a forecast in at most ten lines, from what PyTorch saved; and writes it back', async () => {
    expect(`${saveTorch}${torch}`.trim().split('\n').length).toBeLessThanOrEqual(10);
    const { url } = await serve();
    writeFileSync(join(folder, 'load.safetensors'), torchFile());
    const shown = await runBlock(torch, url);
    const forecasts = Array.from(shown.matchAll(/load (\d+\.\d+)/g), ([, number]) => Number(number));
    expect(forecasts).toHaveLength(5);
    for (const forecast of forecasts) expect(Math.abs(forecast - 100)).toBeLessThan(10);
    await runBlock(back, url);
    expect(existsSync(join(folder, 'load-now.safetensors'))).toBe(true);
    expect(existsSync(join(folder, 'load-now.onnx'))).toBe(true);
  });

  it.skipIf(ortPath === null)(`[ONX20] has a program that runs the graph ${ortPath ? '' : NEEDS_ORT}`, () => {
    const { weights } = readWeights(torchFile(), 'torch');
    const plain = { scaler: { kind: 'none' }, inputs: { changes: [] } } as unknown as Partial<ModelSpecInput>;
    const task = { kind: 'forecast', baseline: 'none' } as const;
    const model = new Model({ features: 1, units: 4, ...plain, task }, { weights });
    for (let t = 0; t < 50; t++) model.step([100 + 5 * Math.sin(t / 4)]);
    writeFileSync(join(folder, 'load.onnx'), toOnnx(exportModel(model)));
    const [program = ''] = blocks(pageOf('docs/formats.md'), 'ts');
    const said = runProgram(
      program.replace('Object.assign(', 'console.log(y.data[0], interval.data[0]); Object.assign('),
    );
    const numbers = said.trim().split(/\s+/).map(Number);
    model.learning = false;
    const expected = [97.2, 98.1].flatMap((x) => {
      const { range } = model.step([x]);
      return [model.lastExact()![0]!, range![0]!];
    });
    expect(numbers).toHaveLength(4);
    for (const [i, number] of numbers.entries()) expect(number).toBeCloseTo(expected[i]!, 4);
  });

  it('[ONX20] takes what Keras saved, and an ONNX graph', async () => {
    const { url } = await serve();
    writeFileSync(join(folder, 'load.safetensors'), kerasFile());
    await runBlock(keras, url);
    const graph = recurrentGraph('RNN', {
      ...{
        W: floats([1, 2, 1], [0.1, 0.2]),
        R: floats([1, 2, 2], [0, 0.1, 0.1, 0]),
        T: 1,
        rows: 1,
        output: 'out',
      },
      tensors: { Wy: floats([2, 1], [1, 1]) },
      more: [
        { op: 'Squeeze', inputs: ['Y_h'], outputs: ['s'] },
        { op: 'MatMul', inputs: ['s', 'Wy'], outputs: ['out'] },
      ],
    });
    writeFileSync(join(folder, 'load.onnx'), graph);
    await runBlock(onnx, url);
    const { stdout } = await run(['sequences', 'ls', '--json', '--url', url]);
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).sequence);
    expect(names.sort()).toEqual(['load-keras', 'load-onnx']);
  });

  it('[ONX20] has a program that makes a model of a file', () => {
    writeFileSync(join(folder, 'load.safetensors'), torchFile());
    const [program = ''] = blocks(page, 'ts');
    expect(runProgram(`${program}\nconsole.log(model.step([100]).y[0])`).trim()).toMatch(/^[\d.]+$/);
  });

  const python = spawnSync('python3', ['-c', 'import torch, safetensors']);
  it.skipIf(python.status !== 0)(
    '[ONX20] saves from PyTorch (skipped where python3 has no torch and safetensors)',
    async () => {
      const model = [
        'import torch',
        'class Net(torch.nn.Module):',
        '    def __init__(self):',
        '        super().__init__()',
        '        self.rnn, self.fc = torch.nn.GRU(1, 4), torch.nn.Linear(4, 1)',
        'model, mean, std = Net(), torch.tensor([100.0]), torch.tensor([5.0])',
      ].join('\n');
      execFileSync('python3', ['-c', `${model}\n${saveTorch}`], { cwd: folder });
      await runBlock(torch, (await serve()).url);
    },
  );
});

describe('sequences import and export', () => {
  it('[ONX21] refuse what is wrong by name, make nothing then, and write over no file that was not named', async () => {
    const { url } = await serve();
    writeFileSync(join(folder, 'load.safetensors'), torchFile());
    writeFileSync(join(folder, 'spec.json'), '{"features": 1, "inputs": {"changes": [1]}}');
    const file = join(folder, 'load.safetensors');
    const of = (...args: string[]) => run(['sequences', 'import', file, ...args, '--url', url]);
    expect(await of('a', '--as', 'torch', '--model', join(folder, 'spec.json'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/weights-invalid: Wx has the shape .*changes over 1 steps/),
    });
    expect((await of('a', '--as', 'keras')).stderr).toMatch(/weights-invalid: there is no recurrent_kernel/);
    expect((await of('a', '--as', 'torch', '--map', 'x')).stderr).toMatch(/--map x has not the form FROM=TO/);
    expect((await of('a', '--fields', 'x')).stderr).toMatch(/need --as/);
    expect((await of('a')).stderr).toMatch(/snapshot-invalid/);
    expect((await run(['sequences', 'ls', '--url', url])).stdout).toBe('');
    expect((await of('--as', 'torch')).code).toBe(0);
    expect((await of('--as', 'torch')).stderr).toMatch(/sequence-exists/);
    const before = readFileSync(file);
    const main = root('dist/src/cli/main.js');
    const exported = spawnSync(process.execPath, [main, 'sequences', 'export', 'load', '--url', url], {
      cwd: folder,
    });
    expect([exported.status, String(exported.stderr)]).toEqual([
      1,
      expect.stringMatching(/load.safetensors exists already/),
    ]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

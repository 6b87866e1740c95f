#!/usr/bin/env node
// Installs what runs ONNX graphs in the tests, once. It lies apart, and no script of its own runs: that would download what
// other hardware needs. Without it, as without a network, the tests that need it say that they are skipped.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../test/onnxruntime', import.meta.url));
if (!existsSync(`${folder}/node_modules/onnxruntime-node`)) {
  const args = [
    'ci',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel',
    'error',
  ];
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) console.error('onnxruntime could not be installed: the tests that need it are skipped');
}

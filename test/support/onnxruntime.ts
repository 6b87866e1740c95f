/** What runs ONNX graphs, where it is installed: scripts/install-onnxruntime.mjs does that, before `npm test`. */
import { createRequire } from 'node:module';

export interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: number[];
  }[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor | undefined>>>;
}

export interface OnnxRuntime {
  readonly InferenceSession: { create(file: Uint8Array): Promise<OrtSession> };
  readonly Tensor: new (
    type: 'float32' | 'float64',
    data: Float32Array | Float64Array,
    dims: readonly number[],
  ) => OrtTensor;
}

const require = createRequire(new URL('../onnxruntime/package.json', import.meta.url));

/** Where it is; null without it. */
export const ortPath = find();

function find(): string | null {
  try {
    return require.resolve('onnxruntime-node');
  } catch {
    return null;
  }
}

export const ort: OnnxRuntime | null = ortPath === null ? null : (require(ortPath) as OnnxRuntime);

/** What a title says of tests that need it. */
export const NEEDS_ORT = '(skipped without onnxruntime, which npm test installs)';

/** Who wrote a file of weights: `torch` and `keras` as safetensors, `onnx` as a graph. */
export const WEIGHT_SOURCES = ['torch', 'keras', 'onnx'] as const;
export type WeightSource = (typeof WEIGHT_SOURCES)[number];

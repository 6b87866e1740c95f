import type { View } from '../../protocol/views/index.js';

/** All views except the weights, which are not the result of a step. */
export type ResultView = Exclude<View, 'weights'>;

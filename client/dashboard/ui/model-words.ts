import type { ModelSpec } from '../../../src/rnn/spec/spec.js';
import { countWords } from '../charts/numbers.js';

/** Says in a line what a model is: `2 fields → 32 units · forecast +1, +12 · tbptt 4/16 · sgd`. */
export function modelWords({ units, features, batch, task, readout, learner, optimizer }: ModelSpec): string {
  const size = `${countWords(features, 'field')} → ${units} units${batch > 1 ? ` × ${batch}` : ''}`;
  const ahead = task?.kind === 'forecast' ? task.horizon.map((h) => `+${h}`).join(', ') : '';
  const aim = ahead ? `forecast ${ahead}` : 'supervised';
  const reach = learner.kind === 'tbptt' ? ` ${learner.k1}/${learner.k2}` : '';
  const what =
    readout.kind === 'none' ? 'no readout' : `${aim}${readout.kind === 'softmax' ? ', softmax' : ''}`;
  return [size, what, `${learner.kind}${reach}`, optimizer.kind].join(' · ');
}

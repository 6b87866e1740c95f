/** How chosen sequences learn, as metrics: few of them, since each is a label. */
import type { Learning, LearningOfMany } from '../../sequence/learning-of.js';
import type { Metric, Sample } from './metrics-text.js';

/** The most sequences that are told of. */
export const MOST_LEARNING = 200;

type Read = (sequence: Learning) => number | null;

export interface LearningMetrics {
  readonly metrics: readonly Metric[];
  /** Takes what the metrics tell with this scrape. */
  tell(learning: LearningOfMany): void;
}

/** Makes the metrics; they are empty where no sequence is chosen. */
export function learningMetrics(): LearningMetrics {
  let told: LearningOfMany = { sequences: [], leftOut: 0 };
  const of = (name: string, help: string, type: Metric['type'], read: Read): Metric => ({
    name,
    help,
    type,
    read: () =>
      told.sequences.flatMap((sequence): Sample[] => {
        const value = read(sequence);
        return value === null ? [] : [{ labels: { sequence: sequence.name }, value }];
      }),
  });
  const metrics: Metric[] = [
    of(
      'eddy_sequence_skill',
      'Recent skill against the baseline, of chosen sequences.',
      'gauge',
      (one) => one.recentSkill,
    ),
    of(
      'eddy_sequence_mae',
      'Recent mean absolute error, of chosen sequences.',
      'gauge',
      (one) => one.recentMae,
    ),
    of(
      'eddy_sequence_anomaly',
      'Anomaly score of the last step, of chosen sequences.',
      'gauge',
      (one) => one.anomaly,
    ),
    of('eddy_sequence_steps_total', 'Steps of chosen sequences.', 'counter', (one) => one.steps),
    {
      name: 'eddy_sequence_health',
      help: 'Health of chosen sequences: 1 with the state as a label.',
      type: 'gauge',
      read: () =>
        told.sequences.flatMap(({ name, health }): Sample[] =>
          health === null ? [] : [{ labels: { sequence: name, state: health }, value: 1 }],
        ),
    },
    {
      name: 'eddy_sequences_left_out',
      help: 'Sequences that were chosen and are not told of, since there are too many.',
      type: 'gauge',
      read: () => [{ value: told.leftOut }],
    },
  ];
  return {
    metrics,
    tell: (learning) => {
      told = learning;
    },
  };
}

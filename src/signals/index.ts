/** Signals to try a model on: endless, seeded, and with the same numbers on every machine. */
export * from './add-task.js';
export * from './faulty-sensor.js';
export * from './mackey-glass.js';
export * from './noisy-sine.js';
export * from './random-walk.js';

import { checkSchema, parseSchema, type Schema, type SchemaInput } from '../fields/sequence-schema.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Asker, Refused } from './change.js';
import type { Course } from './course.js';
import type { Command } from './intake.js';

/** The sequence that is asked for. */
export interface Named {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly schema: Schema;
  /** Null while it sleeps. */
  readonly course: Course | null;
  /** Wakes it. */
  awake(): Course;
  submit(command: Command): void;
  /** Its fields, which had no names, got some. */
  rename(schema: Schema, course: Course): void;
}

/**
 * Checks that a sequence is what is asked for, and gives the order of the fields as `orderOf` does. Fields that have no names
 * yet get them.
 *
 * @throws EddyError `spec-conflict`, `fields-conflict`, `store-unavailable`
 */
export function orderFor(sequence: Named, asked: SchemaInput): Int32Array | null {
  const { name, spec } = sequence;
  const course = asked.fields ? sequence.awake() : sequence.course;
  if (!course || course.isNamed || !asked.fields) return checkSchema(name, sequence, asked);
  const { resample, ...named } = asked;
  checkSchema(name, sequence, { resample });
  const { schema } = parseSchema({ ...named, spec: asked.spec ?? spec });
  checkSchema(name, { spec, schema }, named);
  const refusals: Refused[] = [];
  const asker: Asker = { durable: () => undefined, refused: (refused) => refusals.push(...refused) };
  sequence.submit({ kind: 'name', schema, asker });
  if (refusals[0]) throw refusals[0].error;
  sequence.rename(schema, course);
  return null;
}

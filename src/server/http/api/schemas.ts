/** What the HTTP interface takes and answers, as schemas: the description at /openapi.json is made of them. */
import { z } from 'zod';

const seq = z.int().min(0);
const name = z.string().meta({ description: 'name of a sequence: 1 to 128 of A-Z a-z 0-9 . _ : / -' });
const millisOrIso = z
  .union([z.number(), z.string()])
  .meta({ description: 'milliseconds since 1970, or ISO 8601 with a zone' });
const time = z.string().nullable().meta({ description: 'ISO 8601; null where it is not known' });
const reading = z.union([z.number(), z.boolean(), z.null()]);

export const errorSchema = z.object({
  code: z.string().meta({ description: 'stable; docs/protocol.md lists them' }),
  message: z.string(),
  temporary: z.boolean().meta({ description: 'may the same request succeed later?' }),
});

const rowSchema = z
  .object({ time: millisOrIso.optional(), key: z.string().max(128).optional() })
  .catchall(z.union([reading, z.string()]))
  .meta({
    description:
      'readings by the name of their field. Without a time the row is stamped when it is taken. Rows of one key count once.',
    examples: [{ temperature: 21.5, humidity: 40 }],
  });

export const rowsSchema = z.union([rowSchema, z.array(rowSchema)]);

const rowFault = errorSchema.extend({ row: seq.meta({ description: 'counted from 0' }) });

export const takenSchema = z.object({
  sequence: name,
  epoch: z.string(),
  created: z.boolean(),
  rows: seq,
  accepted: seq,
  first: seq.nullable().meta({ description: 'number of the first step; null if none was taken' }),
  last: seq.nullable(),
  durable: z.boolean().meta({ description: 'all that was accepted is on the disk' }),
  refused: seq,
  errors: z.array(rowFault).optional(),
  stopped: rowFault.optional().meta({ description: 'why the rows behind it were left' }),
});

const sequenceSchema = z.looseObject({
  sequence: name,
  awake: z.boolean(),
  seq: z.int().min(-1).optional(),
  epoch: z.string().optional(),
  spec: z.record(z.string(), z.unknown()).optional(),
  fields: z.array(
    z.object({ name: z.string(), unit: z.string().optional(), description: z.string().optional() }),
  ),
  last: z
    .object({
      seq: z.int().optional(),
      time,
      ageMs: z.number().nullable(),
      values: z.record(z.string(), z.number().nullable()),
    })
    .optional(),
  recentMae: z.number().nullable().optional(),
  recentSkill: z.number().nullable().optional(),
  anomaly: z.number().optional(),
  health: z.looseObject({ state: z.string() }).optional(),
});

export const listSchema = z.object({ total: seq, more: z.boolean(), sequences: z.array(sequenceSchema) });
export { sequenceSchema };

export const settingsSchema = z
  .strictObject({
    learning: z.boolean().optional().meta({ description: 'does it learn?' }),
    learningRate: z.number().positive().optional(),
  })
  .refine((settings) => Object.keys(settings).length > 0, 'nothing is asked for: learning, learningRate')
  .meta({ examples: [{ learning: false }] });

export const resetSchema = z
  .strictObject({
    what: z.enum(['state', 'weights']).meta({ description: 'the hidden state, or all it has learned' }),
  })
  .meta({ examples: [{ what: 'state' }] });

export const changedSchema = z.object({
  sequence: name,
  epoch: z.string(),
  seq: z.int().min(-1),
  durable: z.int().min(-1),
  learning: z.boolean(),
  learningRate: z.number(),
});

export const viewSchema = z.object({
  sequence: name,
  epoch: z.string(),
  view: z.string(),
  fields: z.array(z.object({ name: z.string(), unit: z.string().optional() })),
  rows: z.array(z.object({ seq: z.int().min(-1), time }).catchall(z.unknown())),
});

export const namedSchema = z.object({ sequence: name });

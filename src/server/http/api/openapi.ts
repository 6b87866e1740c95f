/** The description of the HTTP interface in OpenAPI 3.1, made of the schemas that it answers by. */
import { z } from 'zod';
import { VERSION } from '../../../version.js';
import * as schemas from './schemas.js';
import { TABLE_VIEWS } from './view-table.js';

type Schema = z.ZodType;

interface Operation {
  readonly summary: string;
  readonly role: 'produce' | 'subscribe' | 'admin';
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, Schema | string>>;
  readonly answer: Readonly<Record<string, Schema | string>>;
  readonly status?: string;
  /** Answers beside the usual one. */
  readonly others?: Readonly<Record<string, readonly [about: string, schema: Schema]>>;
}

const JSON_TYPE = 'application/json';
const ABOUT_VIEW = 'What the sequence was, or with Accept: text/event-stream how it goes on';
const LINES = 'one row a line';
const FILE = 'the whole sequence, as a safetensors file';

const PATHS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/sequences': {
    get: {
      summary: 'Lists the sequences in the order of their names.',
      role: 'subscribe',
      query: { after: 'only names after this one', limit: 'at most so many, 100 if left out, up to 1,000' },
      answer: { [JSON_TYPE]: schemas.listSchema },
    },
  },
  '/sequences/{name}': {
    get: {
      summary: 'Tells how a sequence does, without waking it.',
      role: 'subscribe',
      answer: { [JSON_TYPE]: schemas.sequenceSchema },
    },
    patch: {
      summary: 'Sets whether and how fast it learns.',
      role: 'admin',
      body: { [JSON_TYPE]: schemas.settingsSchema },
      answer: { [JSON_TYPE]: schemas.changedSchema },
    },
    put: {
      summary: 'Makes a sequence from a file.',
      role: 'admin',
      body: { 'application/octet-stream': FILE },
      status: '201',
      answer: { [JSON_TYPE]: schemas.namedSchema },
    },
    delete: {
      summary: 'Deletes it for good.',
      role: 'admin',
      answer: { [JSON_TYPE]: schemas.namedSchema },
    },
  },
  '/sequences/{name}/steps': {
    post: {
      summary: 'Takes rows. A sequence that is not there is made of the first one.',
      role: 'produce',
      query: {
        spec: 'the model of a new sequence, in JSON; 32 hidden units if left out',
        fields: 'the fields of a new sequence, separated by commas',
      },
      headers: { 'Idempotency-Key': 'the same request counts once, however often it comes' },
      body: {
        [JSON_TYPE]: schemas.rowsSchema,
        'application/x-ndjson': LINES,
        'text/csv': 'the first line names the fields',
      },
      answer: { [JSON_TYPE]: schemas.takenSchema },
      others: { '207': ['Some rows were refused; the others were taken.', schemas.takenSchema] },
    },
  },
  '/sequences/{name}/reset': {
    post: {
      summary: 'Puts the hidden state to zeros, or draws all weights again.',
      role: 'admin',
      body: { [JSON_TYPE]: schemas.resetSchema },
      answer: { [JSON_TYPE]: schemas.changedSchema },
    },
  },
  '/sequences/{name}/checkpoint': {
    post: { summary: 'Saves it now.', role: 'admin', answer: { [JSON_TYPE]: schemas.changedSchema } },
  },
  '/sequences/{name}/flush': {
    post: {
      summary: 'Closes the open bins of a resampled sequence.',
      role: 'produce',
      answer: { [JSON_TYPE]: schemas.changedSchema },
    },
  },
  '/sequences/{name}/export': {
    get: {
      summary: 'Gives the whole sequence.',
      role: 'admin',
      answer: { 'application/octet-stream': FILE },
    },
  },
  ...Object.fromEntries(
    TABLE_VIEWS.map((view) => [
      `/sequences/{name}/${view}`,
      {
        get: {
          summary: `${ABOUT_VIEW}: its ${view}.`,
          role: 'subscribe',
          query: {
            last: 'the last so many steps, 100 if nothing is said',
            from: 'from this time on',
            to: 'up to this time',
            format: 'json, ndjson or csv, in place of Accept',
          },
          answer: {
            [JSON_TYPE]: schemas.viewSchema,
            'application/x-ndjson': LINES,
            'text/csv': 'the first line names the columns',
            'text/event-stream': 'an event for each row, with the id epoch:seq',
          },
        } satisfies Operation,
      },
    ]),
  ),
};

/** Gives the description. */
export function openApi(): object {
  const paths = Object.fromEntries(
    Object.entries(PATHS).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, operationOf(path, method, operation)]),
      ),
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Eddy',
      version: VERSION,
      summary: 'Recurrent networks over live streams: rows in, forecasts and hidden states out.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operationOf(path: string, method: string, operation: Operation): object {
  const { summary, role, query = {}, headers = {}, body, answer, status = '200', others = {} } = operation;
  const last = path.split('/').at(-1)!.replaceAll(/\W/g, '');
  const parameters = [
    ...(path.includes('{name}') ? [parameterOf('name', 'path', 'the sequence; a slash in it as %2F')] : []),
    ...Object.entries(query).map(([name, about]) => parameterOf(name, 'query', about)),
    ...Object.entries(headers).map(([name, about]) => parameterOf(name, 'header', about)),
  ];
  return {
    operationId: `${method}-${last}`,
    summary,
    description: `Needs the role ${role} where tokens are needed.`,
    parameters,
    ...(body && { requestBody: { required: true, content: contentOf(body, 'input') } }),
    responses: {
      [status]: { description: 'done', content: contentOf(answer, 'output') },
      ...Object.fromEntries(
        Object.entries(others).map(([code, [description, schema]]) => [
          code,
          { description, content: contentOf({ [JSON_TYPE]: schema }, 'output') },
        ]),
      ),
      default: { description: 'refused', content: contentOf({ [JSON_TYPE]: schemas.errorSchema }, 'output') },
    },
  };
}

const parameterOf = (name: string, place: 'path' | 'query' | 'header', description: string) => ({
  name,
  in: place,
  required: place === 'path',
  description,
  schema: { type: 'string' },
});

const contentOf = (types: Readonly<Record<string, Schema | string>>, io: 'input' | 'output') =>
  Object.fromEntries(
    Object.entries(types).map(([type, schema]) => [
      type,
      {
        schema:
          typeof schema === 'string' ? { type: 'string', description: schema } : jsonSchemaOf(schema, io),
      },
    ]),
  );

/** Each schema stands where it is used, whole. */
function jsonSchemaOf(schema: Schema, io: 'input' | 'output'): object {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io,
    reused: 'inline',
    target: 'draft-2020-12',
  });
  return made;
}

/** Names of sequences out of measurements and tags, by a template such as `{measurement}.{host}`. */
import { EddyError } from '../../errors.js';
import { MAX_NAME, SEQUENCE_NAME } from '../../protocol/messages.js';

/** All tags, their values joined in the order of their keys. */
const ALL_TAGS = 'tags';
const MEASUREMENT = 'measurement';
const PART = /\{([^{}]*)\}/g;
/** What a name may not have, and what stands between parts that are empty. */
const FORBIDDEN = /[^A-Za-z0-9._:/-]+/g;
const EDGES = /^[^A-Za-z0-9]+|[._:/-]+$/g;
const GAPS = /([._:/-])[._:/-]*\1/g;

export const USUAL_TEMPLATE = `{${MEASUREMENT}}.{${ALL_TAGS}}`;

/** Tells what is wrong with a template; null if it can name sequences. */
export function faultOfTemplate(template: string): string | null {
  const rest = template.replaceAll(PART, '');
  if (/[{}]/.test(rest)) return 'a brace is not closed';
  return rest !== template || SEQUENCE_NAME.test(template) ? null : 'it is neither a template nor a name';
}

/** Gives the name of a series. @throws EddyError `sequence-name-invalid` where nothing is left of it, or too much */
export function nameOfSeries(
  template: string,
  measurement: string,
  tags: ReadonlyMap<string, string>,
): string {
  const all = () => [...tags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  const text = template.replaceAll(PART, (_, part: string) => {
    if (part === MEASUREMENT) return measurement;
    return part === ALL_TAGS ? all().join('.') : (tags.get(part) ?? '');
  });
  const name = text.replaceAll(FORBIDDEN, '_').replaceAll(GAPS, '$1').replaceAll(EDGES, '');
  if (name !== '' && name.length <= MAX_NAME) return name;
  throw new EddyError(
    'sequence-name-invalid',
    name === ''
      ? `${JSON.stringify(template)} leaves no name of ${JSON.stringify(measurement)}`
      : `the name ${name.slice(0, 40)}… has ${name.length} characters; the limit is ${MAX_NAME}`,
  );
}

/** The options that say who may connect: files, and what is no secret. */
import { type Command, InvalidArgumentError } from 'commander';
import type { SecurityOptions } from '../../server/auth/credentials.js';
import { JWT_ALGORITHMS, type JwtAlgorithm } from '../../server/auth/jwt-algorithms.js';
import { nameList, repeated } from './option-parsers.js';

/** What commander makes of the options below. */
export interface SecurityFlags extends Omit<SecurityOptions, 'origins'> {
  readonly origin?: readonly string[];
}

/** Adds the options by which tokens are known. */
export const addTokenOptions = (command: Command): Command =>
  command
    .option('--tokens <file>', 'list of tokens, as eddy token new makes it')
    .option('--jwt-key <file>', 'key of JSON Web Tokens: a JWKS, a PEM public key, or a shared secret')
    .option('--jwt-audience <name>', 'audience that they must be made for')
    .option('--jwt-issuer <name>', 'issuer that they must come from')
    .option(
      '--jwt-algorithms <a,b>',
      `what they may be signed with: ${JWT_ALGORITHMS.join(', ')}`,
      algorithms,
    );

/** Adds all options by which a server is defended. */
export const addSecurityOptions = (command: Command): Command =>
  addTokenOptions(command)
    .option(
      '--origin <origin>',
      'web page that may connect, and name of this server; may be repeated',
      repeated,
    )
    .option('--tls-cert <file>', 'certificate with its chain, PEM')
    .option('--tls-key <file>', 'its private key, PEM');

/** Gives what the options say. */
export function securityOf({ origin: origins, ...flags }: SecurityFlags): SecurityOptions {
  const { tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, tlsCert, tlsKey } = flags;
  return { tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, origins, tlsCert, tlsKey };
}

/** Puts what the options say where the configuration has it. */
export function settingsOf<T extends SecurityFlags>(flags: T) {
  const { tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, origin, tlsCert, tlsKey, ...others } = flags;
  const jwt = { key: jwtKey, audience: jwtAudience, issuer: jwtIssuer, algorithms: jwtAlgorithms };
  const tls = { cert: tlsCert, key: tlsKey };
  const isSaid = (group: object) => Object.values(group).some((value) => value !== undefined);
  return {
    ...others,
    tokens,
    origins: origin,
    jwt: isSaid(jwt) ? withoutUndefined(jwt) : undefined,
    tls: isSaid(tls) ? withoutUndefined(tls) : undefined,
  };
}

const withoutUndefined = (group: object): object =>
  Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined));

function algorithms(text: string): JwtAlgorithm[] {
  const names = nameList(text);
  const unknown = names.find((name) => !JWT_ALGORITHMS.includes(name as JwtAlgorithm));
  if (unknown === undefined) return names as JwtAlgorithm[];
  throw new InvalidArgumentError(`There is no ${unknown}; there are ${JWT_ALGORITHMS.join(', ')}.`);
}

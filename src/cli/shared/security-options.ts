/** The options that decide who may connect: files and other non-secrets. */
import type { Command } from 'commander';
import type { SecurityOptions } from '../../server/auth/credentials.js';
import { JWT_ALGORITHMS } from '../../server/auth/jwt-algorithms.js';
import { repeated, someOf, wholeNumber } from './option-parsers.js';

/** The values that commander parses from the options below. */
export interface SecurityFlags extends Omit<SecurityOptions, 'origins'> {
  readonly origin?: readonly string[];
}

/** Adds the options for recognising tokens. */
export const addTokenOptions = (command: Command): Command =>
  command
    .option('--tokens <file>', 'list of tokens, as eddy token new writes it')
    .option('--jwt-key <file>', 'key of JSON Web Tokens: a JWKS, a PEM public key, or a shared secret')
    .option('--jwt-audience <name>', 'audience that they must name')
    .option('--jwt-issuer <name>', 'issuer that they must name')
    .option(
      '--jwt-algorithms <a,b>',
      `algorithms that may sign them: ${JWT_ALGORITHMS.join(', ')}`,
      someOf(JWT_ALGORITHMS),
    )
    .option(
      '--jwt-horizon-ms <ms>',
      'how far ahead they may expire (366 days)',
      wholeNumber(60_000, 36_500 * 86_400_000),
    );

/** Adds all options that protect a server. */
export const addSecurityOptions = (command: Command): Command =>
  addTokenOptions(command)
    .option(
      '--origin <origin>',
      'origin of a web page that may connect; its host also names this server; repeatable',
      repeated,
    )
    .option(
      '--trust-proxy <address>',
      'address or network of a proxy whose X-Forwarded-For or Forwarded is believed; repeatable',
      repeated,
    )
    .option('--tls-cert <file>', 'PEM file with the certificate and its chain')
    .option('--tls-key <file>', 'PEM file with its private key');

export function securityOf({ origin: origins, ...flags }: SecurityFlags): SecurityOptions {
  const { tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, jwtHorizonMs, tlsCert, tlsKey } = flags;
  return { tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, jwtHorizonMs, origins, tlsCert, tlsKey };
}

/** Maps the options to the configuration. */
export function settingsOf<T extends SecurityFlags>(flags: T) {
  const { tokens, jwtKey, jwtAudience, jwtIssuer, jwtAlgorithms, jwtHorizonMs, ...more } = flags;
  const { origin, tlsCert, tlsKey, ...others } = more;
  const jwt = { key: jwtKey, audience: jwtAudience, issuer: jwtIssuer, algorithms: jwtAlgorithms };
  const tls = { cert: tlsCert, key: tlsKey };
  return { ...others, tokens, origins: origin, jwt, jwtHorizonMs, tls };
}

/** Why a server cannot be reached, in words, with what would help. */
import type { CodedError } from '../../../client/sdk/index.js';
import type { ErrorCode } from '../../errors.js';

export interface Failure {
  readonly code: ErrorCode | string;
  readonly text: string;
  /** Would trying again change nothing? */
  readonly isFinal: boolean;
}

interface Kind {
  readonly sign: RegExp;
  readonly isFinal: boolean;
  /** @param why what the socket said */
  readonly say: (at: Place, why: string) => string;
}

interface Place {
  /** The address as the user gave it. */
  readonly url: string;
  readonly host: string;
  readonly hostname: string;
}

const KINDS: readonly Kind[] = [
  {
    sign: /^HTTP 404/,
    isFinal: true,
    say: ({ url, host }) =>
      `${url} has no stream of Eddy (HTTP 404); --url is ws://${host}, or the path that a proxy maps to /stream`,
  },
  {
    sign: /^HTTP 401/,
    isFinal: true,
    say: ({ url }) =>
      `${url} does not take the token, or needs one (HTTP 401); give it with --token-file, or in EDDY_TOKEN`,
  },
  {
    sign: /^HTTP 403/,
    isFinal: true,
    say: ({ url }) => `${url} forbids the connection (HTTP 403), for this origin or this host name`,
  },
  {
    sign: /^HTTP (400|426)/,
    isFinal: true,
    say: ({ url }, why) =>
      `${url} does not speak this version of the protocol (${why}); is it an Eddy server?`,
  },
  {
    sign: /^HTTP 503/,
    isFinal: false,
    say: ({ url }) => `${url} is full, overloaded or shutting down (HTTP 503)`,
  },
  {
    sign: /^HTTP 429/,
    isFinal: false,
    say: ({ url }) =>
      `${url} has refused too many tokens from this address (HTTP 429), and takes none for a minute`,
  },
  {
    sign: /^HTTP (502|504)/,
    isFinal: false,
    say: ({ url }, why) => `a proxy answers at ${url}, and the server behind it does not (${why})`,
  },
  { sign: /^HTTP 5/, isFinal: false, say: ({ url }, why) => `${url} fails (${why})` },
  {
    sign: /^HTTP /,
    isFinal: true,
    say: ({ url }, why) => `${url} is no Eddy server: it answers ${why}`,
  },
  {
    sign: /ECONNREFUSED/,
    isFinal: false,
    say: ({ host }) => `nothing listens at ${host}; eddy serve starts a server, --url names another`,
  },
  {
    sign: /ENOTFOUND/,
    isFinal: true,
    say: ({ hostname }) => `there is no host of the name ${hostname}`,
  },
  {
    sign: /EAI_AGAIN/,
    isFinal: false,
    say: ({ hostname }) => `the name ${hostname} cannot be looked up at present (DNS)`,
  },
  {
    sign: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/,
    isFinal: false,
    say: ({ host }, why) => `${host} cannot be reached (${why})`,
  },
  {
    sign: /EPROTO|wrong version number|SSL routines|packet length too long/i,
    isFinal: true,
    say: ({ url }) => `${url} does not speak TLS; try ws:// instead of wss://`,
  },
  {
    sign: /certificate|self.signed|altnames|CERT_/i,
    isFinal: true,
    say: ({ url }, why) =>
      `the certificate of ${url} is not trusted: ${why}; NODE_EXTRA_CA_CERTS=FILE names one to trust`,
  },
  {
    sign: /ECONNRESET|socket hang up|EPIPE/,
    isFinal: false,
    say: ({ url }, why) =>
      `${url} ends the connection before it is set up (${why})${/^(ws|http):/.test(url) ? '; if it speaks TLS, the address begins with wss://' : ''}`,
  },
  { sign: /^no token/, isFinal: true, say: (_, why) => why },
  {
    sign: /^no welcome/,
    isFinal: false,
    say: ({ url }, why) => `${url} does not greet as an Eddy server does (${why})`,
  },
];

/** Says why a connection could not be set up, or broke. @param wasOpen did it stand once? Then what passes may pass. */
export function failureOf({ code, message }: CodedError, url: string, wasOpen = false): Failure {
  const why = /close code \d+(?:, (.*))?$/s.exec(message)?.[1] ?? message;
  const kind = KINDS.find(({ sign }) => sign.test(why));
  if (!kind)
    return {
      code,
      text: wasOpen ? `the connection to ${url} broke: ${why}` : `${url}: ${why}`,
      isFinal: false,
    };
  return {
    code: kind.isFinal && code === 'connection-lost' ? 'connection-refused' : code,
    text: kind.say(placeOf(url), why),
    isFinal: kind.isFinal && !wasOpen,
  };
}

function placeOf(url: string): Place {
  const { host, hostname } = new URL(url);
  return { url, host, hostname };
}

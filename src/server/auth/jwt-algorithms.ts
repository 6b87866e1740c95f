/** Algorithms by kind of key. A token may choose only among those the operator allowed, and never the kind of key. */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
export const PUBLIC_ALGORITHMS = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ec: ['ES256', 'ES384', 'ES512'],
  ed25519: ['EdDSA', 'Ed25519'],
} as const;
export const JWT_ALGORITHMS = [...SECRET_ALGORITHMS, ...Object.values(PUBLIC_ALGORITHMS).flat()] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

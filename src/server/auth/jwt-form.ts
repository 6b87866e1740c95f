/** Tells JSON Web Tokens from the tokens of a list by their form alone, before anything is verified. */

/** Three parts in base64url, of which the last, the signature, may be empty. */
const FORM = /^([\w-]+)\.[\w-]+\.[\w-]*$/;

/** Tells whether a credential is a JSON Web Token: three parts, the first of them a JSON object with an algorithm. */
export function isJwt(token: string): boolean {
  const head = FORM.exec(token)?.[1];
  if (head === undefined) return false;
  try {
    const value: unknown = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && 'alg' in value;
  } catch {
    return false;
  }
}

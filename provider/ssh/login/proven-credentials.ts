/**
 * Which credentials hosts have accepted in this process. A host that rejects one of them after its restart may only not be ready yet, and
 * the same answer to any other credential means that the credential is wrong.
 */
import { fingerprint } from "../host-keys/public-key";
import type { PasswordGuard } from "./password-guard";

/** The public keys that hosts have accepted, per user. Only their fingerprints are kept: `SHA256:…`. */
export interface AcceptedKeys {
  readonly add: (user: string, print: string) => void;
  readonly has: (user: string, print: string) => boolean;
}

/** Starts without any key. */
export function acceptedKeys(): AcceptedKeys {
  const known = new Set<string>();
  // As for passwords, the case of a user name does not matter.
  const nameOf = (user: string, print: string): string => JSON.stringify([user.toLowerCase(), print]);
  return {
    add: (user, print) => known.add(nameOf(user, print)),
    has: (user, print) => known.has(nameOf(user, print)),
  };
}

/** What is known about the credentials of one login. */
export interface ProvenCredentials {
  /** Whether a host has accepted the key from this user. */
  readonly hasKey: (blob: Buffer) => boolean;
  /** Whether a host has accepted the password of this login from this user. */
  readonly hasPassword: () => boolean;
  /** Records a key that a host has accepted. Passwords are recorded by the password guard. */
  readonly keyAccepted: (blob: Buffer) => void;
}

/** @param password that of the login; undefined if it has none */
export function provenCredentials(
  context: { readonly acceptedKeys: AcceptedKeys; readonly passwordGuard: Pick<PasswordGuard, "isProven"> },
  user: string,
  password: string | undefined,
): ProvenCredentials {
  const { acceptedKeys: keys, passwordGuard: guard } = context;
  return {
    hasKey: (blob) => keys.has(user, fingerprint(blob)),
    hasPassword: () => password !== undefined && guard.isProven(user, password),
    keyAccepted: (blob) => keys.add(user, fingerprint(blob)),
  };
}

import { isRecord } from "../base/records";

/** The fields that are secrets when they are given by value. */
export const credentialFields: readonly string[] = ["privateKey", "passphrase", "password"];

/** A value without the credentials that it gives by value, at any depth; references to files and variables stay. */
export function withoutCredentials(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCredentials);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) =>
      credentialFields.includes(name) ? [] : [[name, withoutCredentials(field)]],
    ),
  );
}

import { isRecord } from "../base/records";

/** The fields that contain a secret. */
export const credentialFields: readonly string[] = ["privateKey", "passphrase", "password"];

/** A copy of the value without {@link credentialFields}, at any depth. Names of files and environment variables are kept. */
export function withoutCredentials(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCredentials);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) =>
      credentialFields.includes(name) ? [] : [[name, withoutCredentials(field)]],
    ),
  );
}

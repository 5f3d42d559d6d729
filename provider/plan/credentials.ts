import { isRecord } from "../base/records";
import { credentialFields } from "./credential-fields";

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

/** Values as the engine sends them, with marks of secrets at any depth. Unknown values are strings, see `plan/unknown`. Pure. */
import { isRecord } from "../../base/records";
import { credentialFields } from "../../plan/credential-fields";
import { isUnknown } from "../../plan/unknown";

/** A value in which secrets are marked. */
export type Marked = unknown;

/** Inputs or outputs in which secrets are marked. */
export type MarkedProps = Readonly<Record<string, Marked>>;

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

interface Secret {
  readonly [signature]: typeof secretSignature;
  readonly value: Marked;
}

/** Whether the value as a whole is marked. */
export function isSecret(value: Marked): value is Secret {
  return isRecord(value) && value[signature] === secretSignature;
}

/** The value, marked as a whole. What is unknown stays as it is, since there is nothing to hide. */
export function secret(value: Marked): Marked {
  return isSecret(value) || isUnknown(value) ? value : { [signature]: secretSignature, value };
}

/** Whether the value is marked, or something in it. */
export function holdsSecret(value: Marked): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return isRecord(value) && Object.values(value).some(holdsSecret);
}

/** The value without marks. */
export function unmarked(value: Marked): unknown {
  if (isSecret(value)) return unmarked(value.value);
  if (Array.isArray(value)) return value.map(unmarked);
  return isRecord(value) ? unmarkedProps(value) : value;
}

/** The properties without marks. */
export function unmarkedProps(props: MarkedProps): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(props).map(([name, value]) => [name, unmarked(value)]));
}

/**
 * The value with the marks of another one, which has them in the same places. What the other one does not have stays without a mark, except
 * further items of a list that holds secrets: they may come from the same source, and are marked as a whole.
 */
export function markedLike(value: unknown, like: Marked): Marked {
  if (isSecret(like)) return secret(value);
  if (Array.isArray(value) && Array.isArray(like)) {
    const rest = holdsSecret(like) ? secret : (item: unknown) => item;
    return value.map((item: unknown, index) =>
      index < like.length ? markedLike(item, like[index]) : rest(item),
    );
  }
  if (!isRecord(value) || !isRecord(like)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, markedLike(field, like[name])]),
  );
}

/** The value with every credential marked, however deep it stands. */
export function withCredentialsMarked(value: Marked): Marked {
  if (isSecret(value)) return value;
  if (Array.isArray(value)) return value.map(withCredentialsMarked);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      credentialFields.includes(name) && field !== null && field !== undefined
        ? secret(field)
        : withCredentialsMarked(field),
    ]),
  );
}

/** The value without fields that are undefined, which cannot be sent. */
export function sendable(value: Marked): Marked {
  if (Array.isArray(value)) return value.map((item: unknown) => sendable(item) ?? null);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[name, sendable(field)]])),
  );
}

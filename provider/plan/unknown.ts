import { isRecord } from "../base/records";

/** The placeholder that Pulumi sends for a value that is not known before the update. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value is Pulumi's placeholder. */
export function isUnknown(value: unknown): boolean {
  return value === unknownValue;
}

/** Whether a value is an unknown value or contains one at any depth. */
export function holdsUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsUnknown);
  if (isRecord(value)) return Object.values(value).some(holdsUnknown);
  return isUnknown(value);
}

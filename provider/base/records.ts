/** Whether a value is an object other than null and arrays. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A copy of the value without fields that are null or undefined, at any depth: a program that writes
 * `port: config.getNumber("port")` means to leave the field out if the configuration has no such value.
 */
export function withoutEmptyFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyFields);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined && field !== null)
      .map(([name, field]) => [name, withoutEmptyFields(field)]),
  );
}

/** A copy with only the named fields; names that do not exist are ignored. */
export function onlyFields(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

/** A copy without the named fields. */
export function withoutFields(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

/** JSON with sorted field names. Fields that are undefined are left out, so equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) =>
    isRecord(field) ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1))) : field,
  );
}

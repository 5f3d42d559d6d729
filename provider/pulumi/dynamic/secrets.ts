import * as pulumi from "@pulumi/pulumi";
import { credentialFields } from "../../plan/credential-fields";

/**
 * The value with every credential replaced by a secret, at any depth and inside of outputs. Only the credential itself becomes a secret, so
 * that the rest stays readable. (The engine makes a whole list secret if an element is.)
 */
export function withSecretsSealed(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return pulumi.output(value).apply((known: unknown) => withSecretsSealed(known));
  }
  if (Array.isArray(value)) return value.map(withSecretsSealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]: [string, unknown]) => [
      name,
      credentialFields.includes(name) && field !== undefined && field !== null
        ? pulumi.secret(field)
        : withSecretsSealed(field),
    ]),
  );
}

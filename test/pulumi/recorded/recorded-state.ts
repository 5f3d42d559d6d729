import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Json = Readonly<Record<string, unknown>>;

/** A resource's part of a state, with secrets in plain text, as the engine passes it to a provider. */
export interface RecordedResource {
  readonly id: string;
  readonly inputs: Json;
  readonly outputs: Json;
}

/** A stack exported from version 0.1.0; see README.md. */
export const recordedFile = join(__dirname, "state-0.1.0.json");

/** @throws Error if no resource of this name was recorded */
export function recordedResource(name: "done" | "unfinished"): RecordedResource {
  const { deployment } = JSON.parse(readFileSync(recordedFile, "utf8"), withoutSecrets) as {
    readonly deployment: { readonly resources: readonly (RecordedResource & { readonly urn: string })[] };
  };
  const found = deployment.resources.find(({ urn }) => urn.endsWith(`:SessionLogoff::${name}`));
  if (found === undefined) throw new Error(`no resource ${name} was recorded`);
  return found;
}

/** What the program passed to the resource; the class and the SDK add the other inputs. */
export function argsOf({ inputs }: RecordedResource): Json {
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) => name !== "__provider" && name !== "resourceName"),
  );
}

/** The engine marks a secret with a fixed signature; `--show-secrets` writes its value as JSON. */
function withoutSecrets(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { "4dabf18193072939515e22adb298388d": signature, plaintext } = value as Json;
  return signature !== undefined && typeof plaintext === "string" ? JSON.parse(plaintext) : value;
}

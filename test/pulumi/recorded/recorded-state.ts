import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Json = Readonly<Record<string, unknown>>;

/** What a state holds of one resource, with its secrets in plain text, as the engine hands it to a provider. */
export interface RecordedResource {
  readonly id: string;
  readonly inputs: Json;
  readonly outputs: Json;
}

/** An exported stack of version 0.1.0, which README.md describes. */
export const recordedFile = join(__dirname, "state-0.1.0.json");

/** @throws Error when nothing of this name was recorded */
export function recordedResource(name: "done" | "unfinished"): RecordedResource {
  const { deployment } = JSON.parse(readFileSync(recordedFile, "utf8"), withoutSecrets) as {
    readonly deployment: { readonly resources: readonly (RecordedResource & { readonly urn: string })[] };
  };
  const found = deployment.resources.find(({ urn }) => urn.endsWith(`:SessionLogoff::${name}`));
  if (found === undefined) throw new Error(`no resource ${name} was recorded`);
  return found;
}

/** What the program passed to the resource; the rest of the inputs is added by the class and the SDK. */
export function argsOf({ inputs }: RecordedResource): Json {
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) => name !== "__provider" && name !== "resourceName"),
  );
}

/** The engine marks a secret with a fixed signature, and `--show-secrets` writes its value as JSON. */
function withoutSecrets(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { "4dabf18193072939515e22adb298388d": signature, plaintext } = value as Json;
  return signature !== undefined && typeof plaintext === "string" ? JSON.parse(plaintext) : value;
}

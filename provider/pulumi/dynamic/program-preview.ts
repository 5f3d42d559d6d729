import * as pulumi from "@pulumi/pulumi";
import { unknownValue } from "../../plan/unknown";
import { configurationNames } from "./configuration";

/**
 * During a preview, shows under the resource which sessions a run would log off, if a run is needed and all its inputs are known. Returns at
 * once; errors are shown and fail nothing.
 *
 * @param outcome an output of the resource, which a preview knows exactly if the resource does not change
 */
export function previewSessions(
  resource: pulumi.Resource,
  args: object & { readonly previewSessions?: unknown },
  outcome: pulumi.Output<unknown>,
): void {
  if (!pulumi.runtime.isDryRun() || (args.previewSessions ?? false) === false) return;
  show(resource, args, outcome).catch((thrown: unknown) => {
    const why = thrown instanceof Error ? thrown.message : "unknown reason";
    return say(resource, `sessions are not shown: ${why}`).catch(() => undefined);
  });
}

/**
 * During a preview, says under a new resource how many hosts it would wait for. Of a resource that exists, diff says it. Returns at once;
 * errors are shown and fail nothing.
 *
 * @param outcome an output of the resource, which a preview knows exactly if the resource does not change
 */
export function previewWait(
  resource: pulumi.CustomResource,
  args: { readonly hosts: unknown; readonly only?: unknown },
  outcome: pulumi.Output<unknown>,
): void {
  if (!pulumi.runtime.isDryRun()) return;
  showWait(resource, args, outcome).catch((thrown: unknown) => {
    const why = thrown instanceof Error ? thrown.message : "unknown reason";
    return say(resource, `cannot tell how many hosts are awaited: ${why}`).catch(() => undefined);
  });
}

async function showWait(
  resource: pulumi.CustomResource,
  { hosts, only }: { readonly hosts: unknown; readonly only?: unknown },
  outcome: pulumi.Output<unknown>,
): Promise<void> {
  if ((await isKnown(outcome)) || (await isKnown(resource.id))) return;
  const inputs = { hosts: await knownOr(unknownValue, hosts), only: await knownOr(unknownValue, only) };
  const { compareUndrain } = await import("../undrain/changes.js");
  await say(resource, compareUndrain({}, inputs).why);
}

async function knownOr(otherwise: unknown, input: unknown): Promise<unknown> {
  const output = pulumi.output(input);
  return (await isKnown(output)) ? valueOf(output) : otherwise;
}

async function show(resource: pulumi.Resource, args: object, outcome: pulumi.Output<unknown>): Promise<void> {
  if (await isKnown(outcome)) return;
  const inputs = pulumi.output(args);
  if (!(await isKnown(inputs))) {
    await say(resource, "sessions are not shown: not all inputs are known before the update");
    return;
  }
  const plain = await valueOf(inputs);
  if ((plain as { readonly previewSessions?: unknown }).previewSessions !== true) return;
  const config = new pulumi.Config("session-logoff");
  const defaults = configurationNames.flatMap((name) => {
    const value = config.get(name);
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  // Imported late: a program without a preview must not wait for the SSH client to load.
  const { previewText } = await import("../resource/preview.js");
  const { frontOfProgram } = await import("../process/program-front.js");
  await say(resource, await previewText(plain, Object.fromEntries(defaults), frontOfProgram()));
}

/** Internal to the SDK, which declares neither of the two. */
interface Internals {
  readonly isKnown: Promise<boolean>;
  readonly promise: () => Promise<unknown>;
}

function isKnown(output: unknown): Promise<boolean> {
  return (output as Internals).isKnown;
}

function valueOf(output: unknown): Promise<unknown> {
  return (output as Internals).promise();
}

function say(resource: pulumi.Resource, text: string): Promise<void> {
  return pulumi.log.info(text, resource);
}

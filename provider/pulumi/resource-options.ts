/** The options of Pulumi's that do something else with this resource than one might think. */
import type { CustomResourceOptions } from "@pulumi/pulumi";

/** Warnings about options that are given and mean less here, or more, than they say. */
export function optionWarnings(
  { retainOnDelete, customTimeouts }: CustomResourceOptions,
  drain: string | undefined,
): readonly string[] {
  const isDrained = drain !== undefined && drain !== "none";
  return [
    ...(retainOnDelete === true && isDrained
      ? [
          'retainOnDelete: drained hosts stay drained when this resource is deleted; to undrain them, set drain to "none" and run "pulumi up" first',
        ]
      : []),
    ...(Object.values(customTimeouts ?? {}).some((value) => value !== undefined)
      ? ["customTimeouts has no effect: Pulumi does not tell this resource about it; use the input timeouts"]
      : []),
  ];
}

/** The Pulumi options that do not do with this resource what one might expect. */
import type { CustomResourceOptions } from "@pulumi/pulumi";

/** Warnings about options that do less or more here than their names say. */
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

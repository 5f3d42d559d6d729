/** Pulumi options that have an unexpected effect on this resource. */
import type { CustomResourceOptions } from "@pulumi/pulumi";

/** Warnings about options that do less or more than their names say. */
export function optionWarnings(
  { retainOnDelete, customTimeouts }: CustomResourceOptions,
  drain: string | undefined,
): readonly string[] {
  const isDrained = drain !== undefined && drain !== "none";
  return [
    ...(retainOnDelete === true && isDrained
      ? [
          'retainOnDelete: drained hosts stay drained when this resource is deleted; to undrain them, set `drain: none` and run "pulumi up" first',
        ]
      : []),
    ...(Object.values(customTimeouts ?? {}).some((value) => value !== undefined)
      ? ["customTimeouts has no effect: Pulumi does not tell this resource about it; use `timeouts`"]
      : []),
  ];
}

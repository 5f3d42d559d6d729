import type { Program } from "../system-packages.mjs";

/** What a realm of tests runs. */
export const programs: readonly Program[];

/** Why tests cannot run Kerberos here, and how to enable it; undefined if they can. Installs nothing. */
export function missingKerberos(options?: { readonly env?: NodeJS.ProcessEnv }): string | undefined;

import { chmodSync, copyFileSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The module of the language hosts for Node and Python, which are in one version of one SDK. */
export const hosts = fileURLToPath(new URL("language-hosts", import.meta.url));

/** Version 3.60.0 still contains these language hosts, which work with the current engine and SDKs (tested). */
export const sdk = "github.com/pulumi/pulumi/sdk/v3";

/** The variable in which a program built from the SDK keeps its version. */
const versionOfSdk = `${sdk}/go/common/version.Version`;

/**
 * Go's arguments to build a program into a folder.
 *
 * @param {string} program @param {string} version @param {string} bin @param {string} [variable] that holds the version
 */
export function buildArguments(program, version, bin, variable = versionOfSdk) {
  const ldflags = `-s -w -X ${variable}=${version}`;
  // Sets every flag that may also be in GOFLAGS, because the command line takes precedence.
  return [
    "build",
    "-trimpath",
    "-mod=readonly",
    "-buildvcs=false",
    "-ldflags",
    ldflags,
    "-o",
    bin + sep,
    program,
  ];
}

/** The folder with the source of the SDK that a module pins. @param {import("./go.mjs").Go} go @param {string} module */
export async function sourceOfSdk(go, module) {
  return (await go(module, ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", sdk])).trim();
}

/**
 * Copies the small scripts that start an SDK's plugins next to the engine. The engine also finds them on PATH, but then
 * prints a warning.
 *
 * @param {string} from @param {string} bin @param {(name: string) => boolean} [isWanted]
 */
export function copyScripts(from, bin, isWanted = () => true) {
  for (const name of readdirSync(from)) {
    if (name.endsWith(".cmd") !== (process.platform === "win32") || !isWanted(name)) continue;
    copyScript(join(from, name), join(bin, name));
  }
}

/** @param {string} from @param {string} to */
export function copyScript(from, to) {
  copyFileSync(from, to);
  chmodSync(to, 0o755); // Files in a Go module have no executable bit.
}

/** @param {number} started */
export function elapsed(started) {
  const seconds = Math.round((Date.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

import { chmodSync, copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { findGo, pinnedVersion } from "./go.mjs";

const cli = fileURLToPath(new URL("cli", import.meta.url));
const languageHost = fileURLToPath(new URL("language-nodejs", import.meta.url));

/** Version 3.60.0 still contains the Node language host, which works with the current engine and Node SDK (tested). */
const sdk = "github.com/pulumi/pulumi/sdk/v3";
const versions = () => ({
  pulumi: pinnedVersion(cli, "github.com/pulumi/pulumi/pkg/v3"),
  languageHost: pinnedVersion(languageHost, sdk),
});

/**
 * The engine built from the Go modules pinned in cli/ and language-nodejs/, for machines that can reach a Go module proxy but
 * not Pulumi's downloads.
 *
 * @type {import("./ensure.mjs").EngineMaker}
 */
export const builtEngine = {
  source: "built",
  version: () => versions().pulumi,
  title: () => `Pulumi ${versions().pulumi} built from source`,
  folder() {
    const { pulumi, languageHost } = versions();
    return `built-${pulumi}-nodejs-${languageHost}-${process.platform}-${process.arch}`;
  },
  async make(folder, { env, log }) {
    const go = await findGo(cli, env);
    const { pulumi, languageHost: host } = versions();
    log(`Building Pulumi ${pulumi} from source; once, for some minutes (3 to 6 on 2 cores)`);
    const started = Date.now();
    const onTick = () => log(`Still building Pulumi (${elapsed(started)})`);
    const bin = join(folder, "bin");
    mkdirSync(bin);

    // The small program first, so that problems with Go or the network show within seconds.
    await go(languageHost, build(`${sdk}/nodejs/cmd/pulumi-language-nodejs`, host, bin), onTick);
    await go(cli, build("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", pulumi, bin), onTick);
    const source = await go(languageHost, ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", sdk]);
    copyScripts(join(source.trim(), "nodejs", "dist"), bin);
    log(`Built Pulumi ${pulumi} in ${elapsed(started)}`);
  },
};

/** @param {string} program @param {string} version @param {string} bin */
function build(program, version, bin) {
  const ldflags = `-s -w -X ${sdk}/go/common/version.Version=${version}`;
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

/**
 * Copies the small scripts that start the Node SDK's plugins next to the engine. The engine also finds them on PATH, but then
 * prints a warning.
 *
 * @param {string} from @param {string} bin
 */
function copyScripts(from, bin) {
  for (const name of readdirSync(from)) {
    if (name.endsWith(".cmd") !== (process.platform === "win32")) continue;
    copyFileSync(join(from, name), join(bin, name));
    chmodSync(join(bin, name), 0o755); // Files in a Go module have no executable bit.
  }
}

/** @param {number} started */
function elapsed(started) {
  const seconds = Math.round((Date.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

import { chmodSync, copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { findGo, pinnedVersion } from "./go.mjs";

const cli = fileURLToPath(new URL("cli", import.meta.url));
const languageHost = fileURLToPath(new URL("language-nodejs", import.meta.url));

/** Its version 3.60.0 still holds the Node language host, which works with today's engine and Node SDK (tried). */
const sdk = "github.com/pulumi/pulumi/sdk/v3";
const versions = () => ({
  pulumi: pinnedVersion(cli, "github.com/pulumi/pulumi/pkg/v3"),
  languageHost: pinnedVersion(languageHost, sdk),
});

/**
 * The engine, built from the Go modules pinned in cli/ and language-nodejs/: for machines that reach a Go module proxy, but not
 * Pulumi's downloads.
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

    // The small one first: what is wrong with Go or the network shows within seconds.
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
  // Each flag that somebody may have in GOFLAGS is given: the command line wins.
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
 * The small scripts that start the plugins of the Node SDK. Beside the engine they belong to it; found on PATH they are used
 * too, but with a warning.
 *
 * @param {string} from @param {string} bin
 */
function copyScripts(from, bin) {
  for (const name of readdirSync(from)) {
    if (name.endsWith(".cmd") !== (process.platform === "win32")) continue;
    copyFileSync(join(from, name), join(bin, name));
    chmodSync(join(bin, name), 0o755); // Files of a Go module have no executable bit.
  }
}

/** @param {number} started */
function elapsed(started) {
  const seconds = Math.round((Date.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildArguments, copyScripts, elapsed, hosts, sdk, sourceOfSdk } from "./go-build.mjs";
import { findGo, pinnedVersion } from "./go.mjs";

const cli = fileURLToPath(new URL("cli", import.meta.url));

const versions = () => ({
  pulumi: pinnedVersion(cli, "github.com/pulumi/pulumi/pkg/v3"),
  languageHost: pinnedVersion(hosts, sdk),
});

/**
 * The engine built from the Go modules pinned in cli/ and language-hosts/, for machines that can reach a Go module proxy but
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
    await go(hosts, buildArguments(`${sdk}/nodejs/cmd/pulumi-language-nodejs`, host, bin), onTick);
    await go(cli, buildArguments("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", pulumi, bin), onTick);
    copyScripts(join(await sourceOfSdk(go, hosts), "nodejs", "dist"), bin);
    log(`Built Pulumi ${pulumi} in ${elapsed(started)}`);
  },
};

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../command.mjs";
import { executableName } from "../on-path.mjs";
import { buildArguments, elapsed } from "./go-build.mjs";
import { findGo, pinnedVersion } from "./go.mjs";
import { digestOf, keptOrMade } from "./kept.mjs";

/** @typedef {import("./kept.mjs").Keepable} Keepable */

const cli = fileURLToPath(new URL("cli", import.meta.url));
const timeoutMs = 60_000;

/** @type {typeof import("./sdk.mjs").generateSdk} */
export async function generateSdk({ language, engine, schema, folder, log = () => {}, env = process.env }) {
  // Where the engine writes it.
  const sdk = join(folder, language.name);
  mkdirSync(sdk, { recursive: true });
  if (language.host) {
    const generator = await keptOrMade(generatorOfSdks(), { env, log });
    await run(generator, [language.name, schema, sdk], { env, timeoutMs });
  } else {
    const args = ["package", "gen-sdk", schema, "--language", language.name, "--out", folder];
    await run(engine, args, { env, timeoutMs });
  }
  if (language.name === "python") describePackage(sdk, schema);
  return sdk;
}

/** @returns {Keepable} */
function generatorOfSdks() {
  const version = pinnedVersion(cli, "github.com/pulumi/pulumi/pkg/v3");
  const source = readFileSync(join(cli, "gen-sdk", "main.go"), "utf8");
  return {
    folder: `gen-sdk-${version}-${digestOf(source)}-${process.platform}-${process.arch}`,
    file: join("bin", executableName("gen-sdk")),
    make: async (folder, { env, log }) => {
      const go = await findGo(cli, env);
      log(`Building Pulumi's generator of SDKs ${version} from source; once, for up to a minute`);
      const started = Date.now();
      const bin = join(folder, "bin");
      mkdirSync(bin);
      const onTick = () => log(`Still building the generator of SDKs (${elapsed(started)})`);
      await go(cli, buildArguments("./gen-sdk", version, bin), onTick);
      log(`Built the generator of SDKs in ${elapsed(started)}`);
    },
    check: (file, env) => run(file, ["help"], { env, timeoutMs }),
  };
}

/** The SDK asks for its own version, which pip would write when it installs it. @param {string} folder @param {string} schema */
function describePackage(folder, schema) {
  const { version } = JSON.parse(readFileSync(schema, "utf8"));
  const about = join(folder, `pulumi_session_logoff-${version}.dist-info`);
  mkdirSync(about, { recursive: true });
  const lines = ["Metadata-Version: 2.1", "Name: pulumi_session_logoff", `Version: ${version}`, ""];
  writeFileSync(join(about, "METADATA"), lines.join("\n"));
}

import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../command.mjs";
import { executableName, findOnPath, isExecutable } from "../on-path.mjs";
import { parseVersion } from "./choice.mjs";
import { buildArguments, copyScript, copyScripts, elapsed, hosts, sdk, sourceOfSdk } from "./go-build.mjs";
import { findGo, goVersionOf, pinnedVersion } from "./go.mjs";
import { digestOf, keptOrMade } from "./kept.mjs";

/** @typedef {import("./kept.mjs").Keepable} Keepable */
/** @typedef {import("./language.mjs").LanguageName} LanguageName */

const yaml = fileURLToPath(new URL("language-yaml", import.meta.url));
const requirements = fileURLToPath(new URL("python-sdk/requirements.txt", import.meta.url));
const pulumiYaml = "github.com/pulumi/pulumi-yaml";
const place = `${process.platform}-${process.arch}`;
const fetchMs = 5 * 60_000;

/**
 * What each language needs: its host, which comes with an official engine, and for Python also the SDK.
 *
 * @typedef {object} Needs
 * @property {() => string} version Of the host that we build
 * @property {(version: string) => Keepable} host
 * @property {(env: NodeJS.ProcessEnv) => Promise<Keepable>} [sdk] Its executable is in the folder that PATH must begin with
 * @property {string} advice What to install, besides Go
 */

/** @type {Readonly<Record<LanguageName, Needs>>} */
const needs = {
  yaml: {
    version: () => pinnedVersion(yaml, pulumiYaml),
    host: (version) =>
      builtHost("yaml", version, yaml, async (go, bin, onTick) => {
        const variable = `${pulumiYaml}/pkg/version.Version`;
        const program = `${pulumiYaml}/cmd/pulumi-language-yaml`;
        await go(yaml, buildArguments(program, version, bin, variable), onTick);
      }),
    advice: "",
  },
  python: {
    version: () => pinnedVersion(hosts, sdk),
    host: (version) =>
      builtHost("python", version, hosts, async (go, bin, onTick) => {
        await go(hosts, buildArguments(`${sdk}/python/cmd/pulumi-language-python`, version, bin), onTick);
        const source = join(await sourceOfSdk(go, hosts), "python");
        const exec = "pulumi-language-python-exec";
        copyScript(join(source, "cmd", exec), join(bin, exec));
        copyScripts(join(source, "dist"), bin, (name) => name.startsWith("pulumi-resource-pulumi-python"));
      }),
    sdk: pythonSdk,
    advice: "Python 3.10 or later with its module venv (Debian: python3-venv)",
  },
};

/** @type {typeof import("./language.mjs").ensureLanguage} */
export async function ensureLanguage(name, { engine, log = () => {}, env = process.env }) {
  const { version, host, sdk: makeSdk, advice } = needs[name];
  try {
    const found = hostBeside(engine, name) ?? findOnPath(`pulumi-language-${name}`, env);
    const built = version();
    const hostFile = found ?? (await keptOrMade(host(built), { env, log }));
    const sdkFile = makeSdk && (await keptOrMade(await makeSdk(env), { env, log }));
    const why = [`${hostFile} runs it`, ...(sdkFile ? [`its SDK is the one of ${sdkFile}`] : [])].join("; ");
    log(`Using the language ${name}: ${why}`);
    return {
      name,
      ...(found ? {} : { host: { folder: dirname(hostFile), version: built } }),
      path: sdkFile ? [dirname(sdkFile)] : [],
      why,
    };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const wanted = [
      `an official Pulumi, which brings the host, or Go ${goVersionOf(yaml)} or later, which builds it`,
      ...(advice ? [advice] : []),
    ].join("; ");
    throw new Error(`Cannot run Pulumi programs in ${name}: ${message}\nTo enable it, install ${wanted}`, {
      cause: error,
    });
  }
}

/** The host that an official engine brings. PATH may name the engine by a link. @param {string} engine @param {string} name */
function hostBeside(engine, name) {
  const real = existsSync(engine) ? realpathSync(engine) : engine;
  return [engine, real]
    .map((file) => join(dirname(file), executableName(`pulumi-language-${name}`)))
    .find(isExecutable);
}

/**
 * @param {LanguageName} name @param {string} version @param {string} module
 * @param {(go: import("./go.mjs").Go, bin: string, onTick: () => void) => Promise<void>} build
 * @returns {Keepable}
 */
function builtHost(name, version, module, build) {
  return {
    folder: `language-${name}-${version}-${place}`,
    file: join("bin", executableName(`pulumi-language-${name}`)),
    make: async (folder, { env, log }) => {
      const go = await findGo(module, env);
      log(`Building Pulumi's language host for ${name} ${version} from source; once, for up to two minutes`);
      const started = Date.now();
      const bin = join(folder, "bin");
      mkdirSync(bin);
      await build(go, bin, () => log(`Still building the language host for ${name} (${elapsed(started)})`));
      log(`Built the language host for ${name} in ${elapsed(started)}`);
    },
    // Without the engine's address it ends at once with an error, so it can only be asked for its options.
    check: (file, env) => run(file, ["-help"], { env, timeoutMs: 30_000 }),
  };
}

/** The virtual environment with the Python SDK. Its packages are for one version of Python. @param {NodeJS.ProcessEnv} env */
async function pythonSdk(env) {
  const python = findOnPath("python3", env);
  if (!python) throw new Error('no "python3" on PATH');
  const version = parseVersion(await run(python, ["--version"], { env, timeoutMs: 30_000 })) ?? "unknown";
  const list = readFileSync(requirements, "utf8");
  const pinned = /^pulumi==(.*)$/m.exec(list)?.[1];
  /** @type {Keepable} */
  const keepable = {
    folder: `python-sdk-${pinned}-${digestOf(list)}-python-${version}-${place}`,
    file: join("bin", "python3"),
    make: async (folder, { env, log }) => {
      log(`Fetching Pulumi's SDK ${pinned} for Python with pip; once, for some seconds`);
      const started = Date.now();
      /** @param {readonly string[]} args */
      const step = (args) =>
        run(args[0] ?? "", args.slice(1), {
          env,
          timeoutMs: fetchMs,
          onTick: () => log(`Still fetching the SDK for Python (${elapsed(started)})`),
        });
      await step([python, "-m", "venv", folder]);
      const pip = [join(folder, "bin", "python3"), "-m", "pip", "install", "--quiet", "--no-input"];
      // The list is complete. Without wheels, pip would compile for many minutes.
      const exactly = ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];
      await step([...pip, ...exactly, "--requirement", requirements]);
    },
    check: (file, env) => run(file, ["-c", "import pulumi"], { env, timeoutMs: 60_000 }),
  };
  return keepable;
}

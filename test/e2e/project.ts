import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, installedFolder } from "../pulumi/dynamic/built-package";
import { engineCommands, type Ran, type Running } from "./engine-commands";

export type { Ran, Running };

/** A Pulumi project in a temporary folder, with a real engine, its own state and the installed package. */
export interface Project {
  readonly folder: string;
  /** The path of the engine, and the environment that it runs in. */
  readonly engine: string;
  readonly env: Readonly<Record<string, string>>;
  /** Sets the arguments that the program passes to its resources, by name. */
  resources(args: Readonly<Record<string, unknown>>): void;
  /** Runs the engine. {@link Project.said} keeps everything that it prints. */
  pulumi(...args: readonly string[]): Promise<Ran>;
  /** Starts the engine without waiting for it to end. */
  start(...args: readonly string[]): Running;
  /** The stack outputs: the results of each resource. */
  outputs(): Promise<Record<string, StackOutput>>;
  /** The outputs of a resource in the state, available even if the update failed and the stack has no outputs. */
  saved(name: string): Promise<StackOutput>;
  /** Everything that the engine has printed. */
  said(): string;
  /** Everything that the engine has written to its state, including backups and logs. */
  written(): string;
  /** Installs another version of the package, whose provider text differs too. */
  installVersion(version: string): void;
  remove(): void;
}

/** What the program exports from each resource. */
export interface StackOutput {
  readonly readyHosts: readonly string[];
  readonly finishedAt: string;
  readonly remaining: number;
  readonly totals: { readonly loggedOff: number; readonly hosts: number };
  readonly hostResults: Readonly<
    Record<
      string,
      { readonly status: string; readonly drained: string; readonly error?: { readonly code: string } }
    >
  >;
}

interface Exported {
  readonly deployment: {
    readonly resources?: readonly { readonly urn: string; readonly outputs?: StackOutput }[];
  };
}

/** `"@finishedAt:NAME"` in the args stands for `finishedAt` of an earlier resource, which is unknown in a preview that changes it. */
const program = `
const fs = require("node:fs");
const { SessionLogoff } = require("pulumi-session-logoff");
const made = {};
const fill = (value) =>
  typeof value === "string" && value.startsWith("@finishedAt:") ? made[value.slice(12)].finishedAt
  : Array.isArray(value) ? value.map(fill)
  : typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v)]))
  : value;
for (const [name, args] of Object.entries(JSON.parse(fs.readFileSync("resources.json", "utf8")))) {
  made[name] = new SessionLogoff(name, fill(args));
  const { readyHosts, finishedAt, remaining, totals, hostResults } = made[name];
  exports[name] = { readyHosts, finishedAt, remaining, totals, hostResults };
}
`;

/** What a project differs in from one that uses the class. */
export interface ProjectOptions {
  /** The program, as the text of `index.js`. */
  readonly program?: string;
  /** Further lines of Pulumi.yaml. */
  readonly settings?: string;
  /** Added to the environment of the engine. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function createProject(options: ProjectOptions = {}): Promise<Project> {
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
  const { path } = await ensureEngine();
  const { folder, remove } = installedFolder();
  const home = join(folder, ".pulumi-home");
  const stateDir = join(folder, ".state");
  const env = {
    ...engineEnvironment({ engine: path, home, stateDir, passphrase: "lab" }),
    ...options.environment,
  };
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    `name: lab\nruntime: nodejs\nmain: index.js\n${options.settings ?? ""}`,
  );
  writeFileSync(join(folder, "package.json"), '{ "name": "lab", "private": true }\n');
  writeFileSync(join(folder, "index.js"), options.program ?? program);
  const { start, pulumi, said } = engineCommands({ engine: path, folder, env });
  await pulumi("stack", "init", "test");
  return {
    folder,
    engine: path,
    env,
    resources: (args) => writeFileSync(join(folder, "resources.json"), JSON.stringify(args)),
    pulumi,
    start,
    outputs: async () =>
      JSON.parse((await pulumi("stack", "output", "--json", "--show-secrets")).output) as Record<
        string,
        StackOutput
      >,
    saved: async (name) => {
      const { deployment } = JSON.parse((await pulumi("stack", "export")).output) as Exported;
      const found = deployment.resources?.find(({ urn }) => urn.endsWith(`::${name}`));
      if (found?.outputs === undefined) throw new Error(`the state has no ${name}`);
      return found.outputs;
    },
    said,
    written: () =>
      readdirSync(stateDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
        .join("\n"),
    installVersion: (version) => installCopy(folder, version),
    remove,
  };
}

function installCopy(folder: string, version: string): void {
  const copy = join(folder, `package-${version}`);
  mkdirSync(copy);
  cpSync(join(checkout, "dist"), join(copy, "dist"), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"), "dir");
  const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as object;
  writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, version }));
  const file = join(copy, "dist/provider/pulumi/dynamic/session-logoff.js");
  const text = readFileSync(file, "utf8");
  const changed = text.replace("async read(id, props = {}) {", (start) => `${start} /* ${version} */`);
  if (changed === text) throw new Error("the provider text is the same as before");
  writeFileSync(file, changed);
  const installed = join(folder, "node_modules", "pulumi-session-logoff");
  rmSync(installed);
  symlinkSync(copy, installed, "dir");
}

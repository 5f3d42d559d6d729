import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Language, LanguageName } from "../../tools/engine/language.mjs";
import type { Lab } from "../lab/lab";
import { labUser } from "../lab/lab";
import { engineCommands, type EngineCommands } from "./engine-commands";

/** A project in a language that needs no node_modules, with a real engine and its own state. */
export interface LanguageProject extends EngineCommands {
  readonly folder: string;
  /** Runs a command that must succeed. @throws Error with the engine's output */
  succeed(...args: readonly string[]): Promise<string>;
  /** Sets the credentials for a lab as the configuration of the stack. */
  configure(lab: Lab): Promise<void>;
  outputs(): Promise<Readonly<Record<string, unknown>>>;
  /** Everything that the engine has written to its state, including backups and logs. */
  written(): string;
  remove(): void;
}

export interface LanguageProjectOptions {
  readonly language: Language;
  /** The program by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Further variables of the engine's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The lines of Pulumi.yaml that name the folder of the plugin. */
export function pluginIn(folder: string): string {
  return `plugins:\n  providers:\n    - { name: session-logoff, path: ${JSON.stringify(folder)} }\n`;
}

const found = new Map<LanguageName, Promise<Language | string>>();

/** What a language needs, or why it cannot be had and how to enable it. The first call may build it. */
export function findLanguage(name: LanguageName): Promise<Language | string> {
  const known = found.get(name) ?? ensured(name);
  found.set(name, known);
  return known;
}

async function ensured(name: LanguageName): Promise<Language | string> {
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const { ensureLanguage } = await import("../../tools/engine/language.mjs");
  const { path } = await ensureEngine();
  try {
    return await ensureLanguage(name, { engine: path, log: (line) => console.error(line) });
  } catch (error) {
    return (error as Error).message;
  }
}

export async function createLanguageProject(options: LanguageProjectOptions): Promise<LanguageProject> {
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
  const { path } = await ensureEngine();
  const base = mkdtempSync(join(tmpdir(), "session-logoff-language-"));
  const [folder, stateDir] = [join(base, "project"), join(base, "state")];
  const env = engineEnvironment({
    engine: path,
    home: join(base, "home"),
    stateDir,
    passphrase: "lab",
    languages: [options.language],
  });
  for (const [name, text] of Object.entries(options.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const commands = engineCommands({ engine: path, folder, env: { ...env, ...options.env } });
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await commands.pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} exited with ${code}:\n${output}`);
    return output;
  };
  await succeed("stack", "init", "test");
  return {
    ...commands,
    folder,
    succeed,
    configure: async (lab) => {
      await succeed("config", "set", "session-logoff:user", labUser.name);
      await succeed("config", "set", "--secret", "session-logoff:password", labUser.password);
      await succeed("config", "set", "session-logoff:knownHosts", lab.knownHosts);
    },
    outputs: async () =>
      JSON.parse(await succeed("stack", "output", "--json", "--show-secrets")) as Record<string, unknown>,
    written: () =>
      readdirSync(stateDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
        .join("\n"),
    // An engine process that is still exiting may write to the folder.
    remove: () => rmSync(base, { recursive: true, force: true, maxRetries: 10 }),
  };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labUser, startLab, type HostOptions, type Lab } from "../../test/lab/lab";
import type { LanguageName } from "../engine/language.mjs";
import { pluginProject } from "./plugin-project";
import { runEngine, shadowProject, type Ran } from "./project";

/** Simulated hosts, and a program in its own stack with a real engine. */
export interface Stage {
  readonly lab: Lab;
  /** The program's folder, the base of relative paths. */
  readonly folder: string;
  /** Runs the engine; `shown` prints its output as it arrives. */
  readonly pulumi: (args: readonly string[], shown?: boolean, stdin?: string) => Promise<Ran>;
  /** Sets values in the program's configuration, by path. @throws Error with the engine's output */
  readonly set: (values: Readonly<Record<string, string>>) => Promise<void>;
  /** Sets an empty list in the program's configuration. @throws Error with the engine's output */
  readonly setEmpty: (name: string) => Promise<void>;
  /** Also trusts hosts outside the lab. */
  readonly trust: (knownHosts: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The arguments for `up`. */
export const up = ["up", "--yes", "--skip-preview", "--suppress-permalink=true"] as const;

/** What differs between the programs. */
interface StageOptions {
  readonly hosts: readonly HostOptions[];
  /** Default: the lab's key. */
  readonly login?: "password";
  /** Of a program that uses the plugin. Default: TypeScript, with the class. */
  readonly language?: LanguageName;
}

/**
 * Starts the hosts and creates a stack for a program in examples/, with the credentials in its configuration, as an operator
 * would. `close` stops and removes everything.
 *
 * @throws Error if the program's language cannot be had here
 */
export async function openStage(example: string, options: StageOptions): Promise<Stage> {
  const { hosts, login, language: name } = options;
  const { ensureEngine } = await import("../engine/ensure.mjs");
  const { engineEnvironment } = await import("../engine/environment.mjs");
  const log = (line: string): void => console.log(line);
  const engine = await ensureEngine({ log });
  const { ensureLanguage } = await import("../engine/language.mjs");
  const languages = name === undefined ? [] : [await ensureLanguage(name, { engine: engine.path, log })];
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-demo-"));
  const place = join(folder, "project");
  const [language] = languages;
  const project =
    language === undefined
      ? { folder: shadowProject(place, example), env: {} }
      : await pluginProject(place, example, { language, engine: engine.path, log });
  const lab = await startLab({ hosts });
  const environment = engineEnvironment({
    engine: engine.path,
    home: join(folder, "home"),
    stateDir: join(folder, "state"),
    passphrase: "demo",
    languages,
  });
  const pulumi: Stage["pulumi"] = (args, shown = false, stdin) =>
    runEngine(engine.path, [...args, "--color", "never"], {
      cwd: project.folder,
      env: { ...environment, ...project.env },
      ...(shown ? { prefix: "  | " } : {}),
      ...(stdin === undefined ? {} : { stdin }),
    });
  const must = async (args: readonly string[], stdin?: string): Promise<void> => {
    const { code, output } = await pulumi(args, false, stdin);
    if (code !== 0) throw new Error(`the engine failed:\n${output}`);
  };
  const close = async (): Promise<void> => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await must(["stack", "init", "demo"]);
    await must(["config", "set", "session-logoff:user", labUser.name]);
    if (login === "password")
      await must(["config", "set", "--secret", "session-logoff:password"], labUser.password);
    else await must(["config", "set", "--secret", "session-logoff:privateKey"], lab.clientKey.privateKey);
    await must(["config", "set", "session-logoff:knownHosts"], lab.knownHosts);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    lab,
    folder,
    pulumi,
    set: (values) => {
      const pairs = Object.entries(values).flatMap(([path, value]) => [
        "--path",
        `--plaintext=${path}=${value}`,
      ]);
      return must(["config", "set-all", ...pairs]);
    },
    // "[]" would be a text, which a program in YAML does not take for a list.
    setEmpty: async (name) => {
      await must(["config", "set", "--path", `${name}[0]`, "x"]);
      await must(["config", "rm", "--path", `${name}[0]`]);
    },
    trust: (knownHosts) => must(["config", "set", "session-logoff:knownHosts"], lab.knownHosts + knownHosts),
    close,
  };
}

/** Configuration values for a list. */
export function listed(name: string, items: readonly string[]): Record<string, string> {
  return Object.fromEntries(items.map((item, index) => [`${name}[${index}]`, item]));
}

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..", "..");

/**
 * Creates a folder that Pulumi treats as a program in examples/, so that the stack configuration, which Pulumi writes next to
 * Pulumi.yaml, stays out of the repository.
 */
export function shadowProject(folder: string, example: string): string {
  mkdirSync(folder, { recursive: true });
  const project = readFileSync(join(root, "examples", example, "Pulumi.yaml"), "utf8");
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    project.replace("main: index.ts", `main: examples/${example}/index.ts`),
  );
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  // Not a copy, because the paths in the original are relative to its folder.
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(root, "tsconfig.json") }));
  // Junctions need no special rights on Windows; other platforms ignore the type.
  for (const name of ["examples", "node_modules"])
    symlinkSync(join(root, name), join(folder, name), "junction");
  return folder;
}

/** The result of a command. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs the engine. With a `prefix`, shows each line of output as it arrives. */
export function runEngine(
  engine: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly prefix?: string;
    readonly stdin?: string;
  },
): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(engine, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.end(options.stdin ?? "");
    let output = "";
    let line = "";
    const take = (text: string): void => {
      output += text;
      if (options.prefix === undefined) return;
      line += text;
      const lines = line.split("\n");
      line = lines.pop() ?? "";
      for (const one of lines) console.log(`${options.prefix}${one}`);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.once("error", fail);
    child.once("close", (code) => {
      if (options.prefix !== undefined && line !== "") console.log(`${options.prefix}${line}`);
      done({ code: code ?? 1, output });
    });
  });
}

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout; programs load its `dist`. */
export const checkout = resolve(__dirname, "..", "..", "..");

/** Builds `dist` if it is out of date. */
export async function build(): Promise<void> {
  const { setUp } = await import("../../../tools/setup.mjs");
  await setUp();
}

/** Creates a program's folder with the package linked into it, as npm would do. */
export function installedFolder(copyOf?: string): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-"));
  if (copyOf !== undefined) cpSync(copyOf, folder, { recursive: true });
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@pulumi"), { recursive: true });
  symlinkSync(checkout, join(modules, "pulumi-session-logoff"), "dir");
  symlinkSync(join(checkout, "node_modules", "@pulumi", "pulumi"), join(modules, "@pulumi", "pulumi"), "dir");
  // An engine process that is still exiting may write to the folder.
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }) };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs Node with these arguments and returns its output. */
export function runNode(cwd: string, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal, output, errors }));
    child.stdin.end(input);
  });
}

import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Language } from "../engine/language.mjs";

const root = resolve(__dirname, "..", "..");
const plugin = join(root, "dist", "plugin");
const starter = "pulumi-resource-session-logoff";

/** A program in examples/ that uses the plugin, with the variables that it needs. */
export interface PluginProject {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Copies a program and puts beside it what npm, and for Python `pulumi package add`, would install. */
export async function pluginProject(
  folder: string,
  example: string,
  options: { readonly language: Language; readonly engine: string; readonly log: (line: string) => void },
): Promise<PluginProject> {
  cpSync(join(root, "examples", example), folder, { recursive: true });
  const bin = join(folder, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(plugin, starter), join(bin, starter));
  if (options.language.name !== "python") return { folder, env: {} };
  const { generateSdk } = await import("../engine/sdk.mjs");
  const schema = join(plugin, "schema.json");
  const sdk = await generateSdk({ ...options, schema, folder: join(folder, "sdks") });
  return { folder, env: { PYTHONPATH: sdk } };
}

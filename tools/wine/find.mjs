import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../cache-folder.mjs";
import { findOnPath, isExecutable } from "../on-path.mjs";

/** What the kept files are made from: another content makes another folder. */
export const sources = ["launch.c", "stand-ins.c", "make.mjs"].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

/** Debian puts Wine's programs in a folder that is not on PATH. */
const debianFolder = "/usr/lib/wine";

/** @type {typeof import("./find.mjs").findWine} */
export function findWine({ env = process.env } = {}) {
  const programs = findPrograms(env);
  if ("unavailable" in programs) return programs;
  const folder = folderFor(programs.wine, env);
  if (existsSync(folder)) return { ...programs, folder };
  return { unavailable: "Wine is here but not set up: run `npm run setup:extras`" };
}

/** @type {typeof import("./find.mjs").findPrograms} */
export function findPrograms(env) {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { unavailable: "this machine is not a Linux on x64, which Wine's cmd.exe is tried on" };
  const wine = firstOf(["wine64", "wine"], env);
  const server = firstOf(["wineserver64", "wineserver"], env);
  if (wine !== undefined && server !== undefined) return { wine, server };
  return { unavailable: "Wine is not installed: run `npm run setup:extras`, which says how to get it" };
}

/** @param {readonly string[]} names @param {NodeJS.ProcessEnv} env */
function firstOf(names, env) {
  const places = names.flatMap((name) => [join(debianFolder, name), findOnPath(name, env)]);
  return places.find((place) => place !== undefined && isExecutable(place));
}

/** @type {typeof import("./find.mjs").folderFor} */
export function folderFor(wine, env) {
  const version = execFileSync(wine, ["--version"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
  });
  const hash = createHash("sha256").update(version);
  for (const source of sources) hash.update(readFileSync(source));
  return join(cacheFolder(env), `wine-${hash.digest("hex").slice(0, 16)}`);
}

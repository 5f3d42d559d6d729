import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../command.mjs";
import { withLock } from "../lock.mjs";
import { findOnPath } from "../on-path.mjs";
import { installPackages, mayInstall, missingPackages } from "../system-packages.mjs";
import { findPrograms, folderFor, sources } from "./find.mjs";

/** The names that the stand-ins are started by. */
const standIns = [
  "chcp.com",
  "chglogon.exe",
  "logoff.exe",
  "msg.exe",
  "qprocess.exe",
  "quser.exe",
  "qwinsta.exe",
  "rwinsta.exe",
];

/** What the registry of every Windows has and that of a new prefix lacks. Wine's reg.exe prints no key without values. */
const registry = String.raw`REGEDIT4

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Terminal Server]
"fDenyTSConnections"=dword:00000000
"ProductVersion"="5.1"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations]

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows]

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters]
`;

const compilers = /** @type {const} */ (["x86_64-w64-mingw32-gcc-win32", "x86_64-w64-mingw32-gcc"]);

/** Where Wine keeps its own files for Windows: Debian, Fedora, others. */
const libraries = ["/usr/lib/x86_64-linux-gnu/wine", "/usr/lib64/wine", "/usr/lib/wine"];

/**
 * Sets up Wine for tests: a compiled launcher and a prefix with the stand-ins, kept in the user's cache. Installs the packages
 * first where that is allowed.
 *
 * @param {{ readonly env: NodeJS.ProcessEnv, readonly log: (line: string) => void }} options
 * @returns {Promise<string>} what is there now
 * @throws {Error} says what is missing and how to get it
 */
export async function setUpWine({ env, log }) {
  if (process.platform === "linux" && process.arch === "x64") await installMissing(env, log);
  const programs = findPrograms(env);
  if ("unavailable" in programs) throw new Error(`Cannot set up Wine: ${programs.unavailable}`);
  const { wine, server } = programs;
  const compiler = compilers.map((name) => findOnPath(name, env)).find((found) => found !== undefined);
  if (compiler === undefined) throw new Error(`Cannot set up Wine: ${compilers[1]} is not installed`);
  const folder = folderFor(wine, env);
  await withLock(`${folder}.lock`, { log, what: "it sets up Wine" }, async () => {
    if (!existsSync(folder)) await make(folder, { wine, server, compiler }, log);
  });
  return `Wine is set up in ${folder}: \`npm test -- test/real\` uses it`;
}

/** @param {NodeJS.ProcessEnv} env @param {(line: string) => void} log */
async function installMissing(env, log) {
  const hasCompiler = compilers.some((name) => findOnPath(name, env) !== undefined);
  const hasWine = !("unavailable" in findPrograms(env));
  const missing = missingPackages(
    [...(hasWine ? [] : /** @type {const} */ (["wine64"])), ...(hasCompiler ? [] : [compilers[0]])],
    env,
  );
  if (missing.length === 0) return;
  if (!mayInstall(env)) {
    throw new Error(
      [
        `Cannot set up Wine: ${missing.join(" and ")} not installed (the names of the packages in Debian).`,
        "As root on Debian, run `npm run setup:extras -- --install`, or set CI=true.",
        `Elsewhere, install a 64-bit Wine (8 or newer) and ${compilers[1]}, and run \`npm run setup:extras\` again.`,
      ].join("\n"),
    );
  }
  log(`Installing ${missing.join(" and ")} (apt-get)`);
  await installPackages(missing, { env, log });
}

/**
 * @param {string} folder
 * @param {{ readonly wine: string, readonly server: string, readonly compiler: string }} programs
 * @param {(line: string) => void} log
 */
async function make(folder, { wine, server, compiler }, log) {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  const prefix = join(work, "prefix");
  // HOME, because Wine links the folders of a user into a prefix.
  const env = {
    PATH: process.env.PATH,
    HOME: work,
    LC_ALL: "C.UTF-8",
    WINEPREFIX: prefix,
    WINEARCH: "win64",
    WINESERVER: server,
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=;winemenubuilder.exe=d",
  };
  try {
    log("Compiling the launcher and the stand-ins");
    const [launch = "", standIn = ""] = sources;
    await run(compiler, ["-O1", "-s", "-o", join(work, "launch.exe"), launch], { timeoutMs: 120_000 });
    await run(compiler, ["-O1", "-s", "-o", join(work, "stand-in.exe"), standIn], { timeoutMs: 120_000 });
    log("Making a Wine prefix (ten seconds)");
    await run(wine, ["wineboot", "--init"], { env, timeoutMs: 300_000 });
    const registryFile = join(work, "registry.reg");
    writeFileSync(registryFile, registry.replaceAll("\n", "\r\n"));
    await run(wine, ["reg.exe", "import", `Z:${registryFile}`], { env, timeoutMs: 60_000 });
    // The server writes the registry when it ends, seconds after the last program.
    await run(server, ["--wait"], { env, timeoutMs: 120_000 });
    removeMeetingPlace(prefix);
    const system = join(prefix, "drive_c", "windows", "system32");
    for (const name of standIns) {
      rmSync(join(system, name), { force: true });
      copyFileSync(join(work, "stand-in.exe"), join(system, name));
    }
    linkCopies(prefix);
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Debian's Wine notes in the prefix which folder in /tmp its server used. @param {string} prefix */
function removeMeetingPlace(prefix) {
  const note = join(prefix, "wineserver");
  const name = existsSync(note) ? readFileSync(note, "utf8") : "";
  if (/^wine-\w+$/u.test(name)) rmSync(join("/tmp", name), { recursive: true, force: true });
  rmSync(note, { force: true });
}

/** Replaces the files that a prefix copies from Wine, 650 MB, by links. @param {string} prefix */
function linkCopies(prefix) {
  const library = libraries.map((place) => join(place, "x86_64-windows")).find((place) => existsSync(place));
  if (library === undefined) return;
  const names = new Set(readdirSync(library));
  const windows = join(prefix, "drive_c", "windows");
  for (const entry of readdirSync(windows, { recursive: true })) {
    const file = join(windows, String(entry));
    const original = join(library, file.slice(dirname(file).length + 1));
    if (!names.has(original.slice(library.length + 1)) || !lstatSync(file).isFile()) continue;
    if (!readFileSync(file).equals(readFileSync(original))) continue;
    rmSync(file);
    symlinkSync(original, file);
  }
}

import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { findOnPath } from "./on-path.mjs";
import { aptEnvironment, howToEnable, installNow, mayInstall, missingPackages } from "./system-packages.mjs";

/**
 * The packages for a real Linux host in tests. elogind is unpacked into a separate folder, not installed, because installing
 * it would remove systemd from the machine. apt fetches its packages from this machine's Debian mirrors.
 */

const unpacked = ["elogind", "libelogind0", "libpam-elogind"];
/** @type {readonly import("./system-packages.mjs").Program[]} */
const installed = ["sshd", "ssh", "dbus-daemon", "unshare", "nsenter", "useradd", "ps"];

/** @param {string} command @param {readonly string[]} args @param {string} [cwd] */
function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 240_000,
    env: aptEnvironment(process.env),
  });
}

/** Why this machine cannot run a real Linux host, whatever is fetched. @returns {string | undefined} */
function obstacle() {
  if (process.platform !== "linux") return "this machine is not a Linux";
  if (process.getuid?.() !== 0) return `users cannot be made without root: ${howToEnable}`;
  if (!existsSync("/etc/debian_version")) return "this machine is not a Debian";
  const groups = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  const elogind = groups.find((line) => line.includes(":name=elogind:"));
  if (elogind !== undefined && !elogind.endsWith(":/")) return "this machine runs elogind itself";
  try {
    run("unshare", ["--mount", "--pid", "--fork", "true"]);
  } catch {
    return "this machine allows no mount namespace (a container without privileges?)";
  }
  return undefined;
}

/**
 * Returns the folder with elogind's files in a merged-/usr layout, fetched once and kept in the cache, or why there is none.
 * Fetches and installs only with CI=true or SESSION_LOGOFF_TEST_INSTALL=1.
 *
 * @param {{ readonly env?: NodeJS.ProcessEnv, readonly log?: (line: string) => void }} [options]
 * @returns {{ readonly folder: string } | { readonly unavailable: string }}
 */
export function prepareRealLinux({ env = process.env, log = () => undefined } = {}) {
  const reason = obstacle();
  if (reason !== undefined) return { unavailable: reason };
  const missing = missingPackages(installed, env);
  const codename = /^VERSION_CODENAME=(\w+)$/mu.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const folder = join(cacheFolder(env), `real-linux-${codename ?? "debian"}-${process.arch}`);
  if (missing.length === 0 && existsSync(folder)) return { folder };
  if (!mayInstall(env)) {
    const what = missing.length > 0 ? `${missing.join(", ")} not installed` : "elogind not fetched yet";
    return { unavailable: `${what}: ${howToEnable}` };
  }
  try {
    if (missing.length > 0) {
      log(`installing ${missing.join(", ")}`);
      installNow(missing, env);
    }
    if (!existsSync(folder)) fetchElogind(folder, log);
    return { folder };
  } catch (error) {
    return { unavailable: `apt could not fetch the packages: ${String(error).split("\n")[0]}` };
  }
}

/** @param {string} folder @param {(line: string) => void} log */
function fetchElogind(folder, log) {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    const names = findOnPath("sudo", process.env) !== undefined ? unpacked : [...unpacked, "sudo"];
    log(`fetching ${names.join(", ")}`);
    try {
      run("apt-get", ["download", ...names], work);
    } catch {
      run("apt-get", ["update"]);
      run("apt-get", ["download", ...names], work);
    }
    const root = join(work, "root");
    mkdirSync(root);
    for (const file of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      run("dpkg-deb", ["--extract", file, root], work);
    }
    for (const name of ["bin", "sbin", "lib"]) {
      const from = join(root, name);
      if (existsSync(from))
        cpSync(from, join(root, "usr", name), { recursive: true, verbatimSymlinks: true });
      rmSync(from, { recursive: true, force: true });
    }
    renameSync(root, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

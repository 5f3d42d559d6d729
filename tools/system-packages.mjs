import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";

/** System programs that tests use if available, each with its Debian package. */
const packageOf = {
  sshd: "openssh-server",
  ssh: "openssh-client",
  dropbear: "dropbear-bin",
  tinysshd: "tinysshd",
  nc: "netcat-openbsd",
  "dbus-daemon": "dbus",
  unshare: "util-linux",
  nsenter: "util-linux",
  useradd: "passwd",
  ps: "procps",
  tmux: "tmux",
  chromium: "chromium",
  zsh: "zsh",
  fish: "fish",
  // Brings python3 too, and what makes a virtual environment with pip.
  python3: "python3-venv",
};

/** What `npm run setup:extras` installs: too large, or too much of a server, for every machine that runs the tests. */
const extraPackageOf = {
  krb5kdc: "krb5-kdc",
  "kadmin.local": "krb5-admin-server",
  kinit: "krb5-user",
  wine64: "wine64",
  "x86_64-w64-mingw32-gcc-win32": "gcc-mingw-w64-x86-64-win32",
};

/** @typedef {keyof typeof packageOf | keyof typeof extraPackageOf} Program */

export const howToEnable =
  "run the tests as root on Debian with SESSION_LOGOFF_TEST_INSTALL=1 (or CI=true), which lets them fetch packages with apt";

/** @param {string} program @param {NodeJS.ProcessEnv} env */
function isThere(program, env) {
  const folders = [...(env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** The packages of those programs that are missing. @param {readonly Program[]} programs @param {NodeJS.ProcessEnv} env */
export function missingPackages(programs, env) {
  const packages = { ...packageOf, ...extraPackageOf };
  return [...new Set(programs.filter((program) => !isThere(program, env)).map((one) => packages[one]))];
}

/** Whether tests may fetch packages here. @param {NodeJS.ProcessEnv} env */
export function mayInstall(env) {
  const isAllowed = env.CI === "true" || env.SESSION_LOGOFF_TEST_INSTALL === "1";
  return isAllowed && process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

/** The environment for apt. @param {NodeJS.ProcessEnv} env */
export function aptEnvironment(env) {
  return { ...env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
}

/**
 * Installs the missing programs that tests can use, if that is allowed. If they cannot be installed together, it installs each
 * package separately: a test without its program says so and is skipped.
 *
 * @param {{ readonly env?: NodeJS.ProcessEnv, readonly log: (line: string) => void }} options
 */
export async function installForTests({ env = process.env, log }) {
  if (!mayInstall(env)) return;
  const missing = missingPackages(/** @type {Program[]} */ (Object.keys(packageOf)), env);
  if (missing.length === 0) return;
  log(`Installing what tests use: ${missing.join(", ")} (apt-get)`);
  try {
    await installPackages(missing, { env, log });
  } catch {
    for (const name of missing) {
      await installPackages([name], { env, log }).catch((error) =>
        log(`Cannot install ${name}: ${String(error).split("\n")[0]}`),
      );
    }
  }
}

const install = ["install", "-y", "-qq", "--no-install-recommends"];

/**
 * Installs packages, which may take minutes. Their services are not started.
 *
 * @param {readonly string[]} packages
 * @param {{ readonly env: NodeJS.ProcessEnv, readonly log: (line: string) => void }} options
 */
export async function installPackages(packages, { env, log }) {
  await apt(["update", "-qq"], { env, log });
  const allowServices = forbidServices();
  try {
    await apt([...install, ...packages], { env, log });
  } finally {
    allowServices();
  }
}

/** Debian's packages ask this program before they start a service; 101 forbids it. */
const policyFile = "/usr/sbin/policy-rc.d";

/**
 * Keeps packages from starting their services, until the returned function is called. A policy that the machine has stays. If this process
 * is killed, its policy forbids nothing.
 */
function forbidServices() {
  const script = `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`;
  try {
    writeFileSync(policyFile, script, { mode: 0o755, flag: "wx" });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return () => undefined;
    throw error;
  }
  return () => rmSync(policyFile, { force: true });
}

/** @param {readonly string[]} args @param {{ readonly env: NodeJS.ProcessEnv, readonly log: (line: string) => void }} options */
function apt(args, { env, log }) {
  return run("apt-get", args, {
    env: aptEnvironment(env),
    timeoutMs: 600_000,
    onTick: (elapsedMs) => log(`Still installing (${Math.round(elapsedMs / 1000)} s)`),
  });
}

/** Installs packages that are needed now. @param {readonly string[]} packages @param {NodeJS.ProcessEnv} env */
export function installNow(packages, env) {
  /** @type {import("node:child_process").ExecFileSyncOptions} */
  const options = { env: aptEnvironment(env), stdio: ["ignore", "ignore", "pipe"], timeout: 240_000 };
  execFileSync("apt-get", ["update"], options);
  execFileSync("apt-get", ["install", "-y", "--no-install-recommends", ...packages], options);
}

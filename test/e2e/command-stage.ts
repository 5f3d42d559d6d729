/** Runs scripts of examples/rolling-command with the built command, as an operator would, against hosts of the lab. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathWith, plainEnvironment } from "../docs/workshop";
import { realClock, type LabClock } from "../lab/clock";
import { shellWord } from "../lab/lab-folder";
import { labUser, startLab, type HostOptions, type Lab } from "../lab/lab";
import { checkout } from "../pulumi/dynamic/built-package";

/** The lab's time, ten times as fast as ours, so that a restart takes a second. */
const hurriedClock: LabClock = {
  now: () => 10 * realClock.now(),
  sleep: (ms, signal, isIdle) => realClock.sleep(ms / 10, signal, isIdle),
};

/** How a script ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandStage {
  readonly lab: Lab;
  /** Reads a file of the folder that scripts run in. */
  readonly read: (name: string) => string;
  /** Runs a script with `session-logoff` and `ssh` on its path, for the hosts in `rdsh.txt`, and waits for its end. */
  readonly run: (
    script: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<Ended>;
  readonly close: () => Promise<void>;
}

/** Starts the hosts, and writes `rdsh.txt`, which names them all, and what the programs need to reach them. */
export async function openCommandStage(hosts: readonly HostOptions[]): Promise<CommandStage> {
  const lab = await startLab({ hosts, clock: hurriedClock });
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-rolling-"));
  const path = (name: string): string => join(folder, name);
  const bin = path("bin");
  mkdirSync(bin);
  const addProgram = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const main = join(checkout, "dist", "command", "session-logoff.js");
  addProgram("session-logoff", `exec ${shellWord(process.execPath)} ${shellWord(main)} "$@"`);
  addProgram("ssh", `PATH=\${PATH#*:}; exec ssh -F ${shellWord(path("ssh_config"))} "$@"`);
  writeFileSync(path("rdsh.txt"), lab.hosts.map(({ name }) => `${lab.addressOf(name)}\n`).join(""));
  writeFileSync(path("known_hosts"), lab.knownHosts);
  writeFileSync(path("key"), lab.clientKey.privateKey, { mode: 0o600 });
  writeFileSync(
    path("ssh_config"),
    `User ${labUser.name}\nIdentityFile "${path("key")}"\nIdentitiesOnly yes\nUserKnownHostsFile "${path("known_hosts")}"\n`,
  );
  return {
    lab,
    read: (name) => readFileSync(path(name), "utf8"),
    run: (script, args = [], env = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(script, args, {
          cwd: folder,
          env: { ...plainEnvironment(folder), NO_COLOR: "1", PATH: pathWith(bin), ...env },
          stdio: ["ignore", "pipe", "pipe"],
        });
        const endWithUs = (): void => void child.kill();
        process.once("exit", endWithUs);
        let stdout = "";
        let stderr = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
        child.once("error", reject);
        child.once("close", (status) => {
          process.off("exit", endWithUs);
          resolve({ status, stdout, stderr });
        });
      }),
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      await lab.close();
    },
  };
}

/** The options with which `session-logoff` reaches the hosts of a stage. */
export const access = ["--user", labUser.name, "--identity", "key", "--known-hosts", "known_hosts"] as const;

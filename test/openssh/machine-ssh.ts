/** The machine's own ssh for tests: whether it is here, and options with which it reads nothing of the user's. */
import { spawnSync } from "node:child_process";
import type { Host } from "../../provider/connection";
import type { OpenSshOptions } from "../../provider/openssh/open-openssh";
import { bareOptions, hostOf, testKey } from "../ssh/scripted-server";

/** Why tests with ssh cannot run here, and how to enable them; false when they can. */
export function missingSsh(): string | false {
  const { status } = spawnSync("ssh", ["-V"], { stdio: "ignore" });
  return status === 0 ? false : "no ssh here: apt-get install openssh-client";
}

/** Options without a home folder; ssh itself needs PATH, and a place for its sockets. */
export function machineOptions(changes: Partial<OpenSshOptions> = {}): OpenSshOptions {
  return bareOptions({ env: { PATH: process.env["PATH"] }, systemSshConfigFile: "/nonexistent", ...changes });
}

/** The host for this client, with a key given by value. */
export function keyHost(
  server: { readonly address: string; readonly port: number },
  changes: Partial<Host> = {},
): Host {
  return hostOf(server, {
    client: "openssh",
    login: { privateKeys: [{ from: "value", value: testKey("user").privateText }] },
    connectTimeoutMs: 10_000,
    ...changes,
  });
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { clientKey, labUser, startLab } from "../../test/lab/lab";
import { fleet, play, reportFile } from "./story";
import { recordTerminal, type Frame } from "./terminal";

const root = join(__dirname, "..", "..");

/** A run against simulated hosts: what the terminal showed, and the HTML report. */
export interface Recording {
  readonly frames: readonly Frame[];
  readonly html: string;
}

/** Runs the command in a terminal, in a folder with all that it needs to reach the hosts by their names. */
export async function record(): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-pictures-"));
  const lab = await startLab({ hosts: fleet });
  try {
    const path = (name: string): string => join(folder, name);
    writeFileSync(path("key"), clientKey.privateKey, { mode: 0o600 });
    writeFileSync(path("known_hosts"), lab.knownHosts);
    const config = lab.hosts.map(({ name, address, port }) =>
      [
        `Host ${name}`,
        `HostName ${address}`,
        `Port ${port}`,
        `User ${labUser.name}`,
        `IdentityFile "${path("key")}"`,
        `UserKnownHostsFile "${path("known_hosts")}"`,
        "",
      ].join("\n"),
    );
    writeFileSync(path("ssh_config"), config.join(""));
    writeFileSync(path("rdsh.txt"), lab.hosts.map(({ name }) => `${name}\n`).join(""));
    mkdirSync(path("bin"));
    // The name that a user types, with the way to the simulated hosts added.
    const tsx = pathToFileURL(require.resolve("tsx")).href;
    const main = join(root, "provider", "cli", "main.ts");
    writeFileSync(
      path("bin/session-logoff"),
      `#!/bin/sh\nexec '${process.execPath}' --import='${tsx}' '${main}' --ssh-config '${path("ssh_config")}' "$@"\n`,
      { mode: 0o755 },
    );
    const env = {
      HOME: folder,
      PATH: [path("bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
    };
    const frames = await recordTerminal(folder, env, (terminal) => play(terminal, lab));
    return { frames, html: readFileSync(path(reportFile), "utf8") };
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

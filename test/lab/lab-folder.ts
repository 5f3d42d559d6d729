/** The files with which somebody at a shell reaches the hosts of a lab. */
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { namesOf } from "./fleet";
import { labUser, type Lab } from "./lab";

const checkout = resolve(__dirname, "..", "..");

export interface LabFolder {
  readonly folder: string;
  /** Writes a file, which {@link LabFolder.remove} removes. */
  readonly write: (name: string, text: string, mode?: number) => Promise<void>;
  /** Removes what was written, and the folder if it is empty and was made here. */
  readonly remove: () => Promise<void>;
}

/**
 * Makes the folder, or takes an empty one; without a name it is a new one for temporary files.
 *
 * @throws Error if there is something at that place already
 */
export async function openLabFolder(name: string | undefined): Promise<LabFolder> {
  const { folder, isNew } =
    name === undefined
      ? { folder: await mkdtemp(join(tmpdir(), "session-logoff-lab-")), isNew: true }
      : await makeFolder(resolve(name));
  const written = new Set<string>();
  return {
    folder,
    write: async (file, text, mode = 0o644) => {
      written.add(file);
      await writeFile(join(folder, file), text, { mode });
    },
    remove: async () => {
      for (const file of written) await rm(join(folder, file), { force: true });
      if (!isNew) return;
      await rmdir(folder).catch((error: unknown) => {
        // Somebody else's files stay.
        if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(codeOf(error))) throw error;
      });
    },
  };
}

async function makeFolder(folder: string): Promise<{ readonly folder: string; readonly isNew: boolean }> {
  const held = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    if (codeOf(error) === "ENOTDIR") throw new Error(`${folder} is not a folder`);
    throw error;
  });
  if (held === undefined) await mkdir(folder, { recursive: true });
  else if (held.length > 0)
    throw new Error(`${folder} is not empty: name a folder that is empty or does not exist yet`);
  return { folder, isNew: held === undefined };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

/** Writes what `ssh` and the command need to reach the hosts by their names. */
export async function writeAccess({ folder, write }: LabFolder, lab: Lab): Promise<void> {
  await write("known_hosts", knownHosts(lab));
  await write("key", lab.clientKey.privateKey, 0o600);
  await write("ssh_config", sshConfig(lab, folder));
  await write("rdsh.txt", lab.hosts.map(({ name }) => `${name}\n`).join(""));
}

/** Writes `session-logoff`, which is this checkout's command with the lab's ssh_config. */
export function writeCommand({ folder, write }: LabFolder): Promise<void> {
  const main = join(checkout, "dist", "command", "session-logoff.js");
  const config = join(folder, "ssh_config");
  if (process.platform === "win32") {
    const parts = [process.execPath, main, "--ssh-config", config].map((part) => `"${part}"`);
    return write("session-logoff.cmd", `@${parts.join(" ")} %*\r\n`);
  }
  const parts = [process.execPath, main, "--ssh-config", config].map(shellWord);
  return write("session-logoff", `#!/bin/sh\nexec ${parts.join(" ")} "$@"\n`, 0o755);
}

/** A word that a POSIX shell takes as it is. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Every host by both of its names, and by its address for programs that name that. */
function knownHosts(lab: Lab): string {
  return lab.hosts
    .map(({ name, address, port, hostKey }) => {
      const places = [...namesOf(name), `[${address}]:${port}`];
      return `${places.join(",")} ${hostKey.publicKey}\n`;
    })
    .join("");
}

/** With the host's own name as its alias, messages about host keys speak of that instead of the address. */
function sshConfig(lab: Lab, folder: string): string {
  return lab.hosts
    .map(({ name, address, port }) =>
      [
        `Host ${namesOf(name).join(" ")}`,
        `  HostName ${address}`,
        `  Port ${port}`,
        `  HostKeyAlias ${name}`,
        `  User ${labUser.name}`,
        `  IdentityFile "${join(folder, "key")}"`,
        "  IdentitiesOnly yes",
        `  UserKnownHostsFile "${join(folder, "known_hosts")}"`,
        "",
      ].join("\n"),
    )
    .join("\n");
}

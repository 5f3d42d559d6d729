/** The folder of one process, in which its masters have their sockets, their logs and their files for `ssh -F`. */
import { rmSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { LogoffError } from "../../base/errors";
import { openControl } from "../control-socket";

/** The folder, and names in it that nobody else uses. */
export interface PrivateFolder {
  readonly path: string;
  /** A path for the next connection, to which extensions may be added: `DIR/1`. */
  readonly next: () => string;
}

const prefix = "session-logoff-ssh-";
/** ssh first binds the path with 17 more characters, and macOS allows 103 in all (sun_path). */
const longestSocketPath = 85;
/** What comes after the base folder: a separator, the prefix, six random characters, and `/99999.agent`. */
const longestTail = 1 + prefix.length + 6 + "/99999.agent".length;
/** A younger folder may belong to a process that is about to listen in it. */
const youngestSweptMs = 60_000;
/** The socket on which the owner of a folder listens as long as it lives. */
const ownerName = "owner";

/**
 * Makes the folder, readable by this user only, and removes those of processes that have ended without removing theirs. It is removed when this
 * process exits.
 */
export async function makePrivateFolder(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<PrivateFolder> {
  const base = await baseFolder(env, platform);
  await sweep(base, platform).catch(() => undefined);
  const path = await mkdtemp(join(base, prefix));
  await chmod(path, 0o700);
  if (platform !== "win32") await listenAsOwner(join(path, ownerName));
  process.once("exit", () => rmSync(path, { recursive: true, force: true }));
  let count = 0;
  return { path, next: () => join(path, String((count += 1))) };
}

/** `XDG_RUNTIME_DIR` where it is this user's own, otherwise the temporary folder. */
async function baseFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Promise<string> {
  if (platform === "win32") return tmpdir();
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  const candidates = [...((await isOwn(runtime)) ? [runtime] : []), tmpdir(), "/tmp"];
  // The path also stands in a ProxyCommand, which a shell reads.
  const usable = candidates.find(
    (folder) => /^[\w/.+-]+$/u.test(folder) && folder.length + longestTail <= longestSocketPath,
  );
  if (usable !== undefined) return usable;
  throw new LogoffError(
    "plan-invalid",
    "Cannot make a folder for the sockets of ssh: set TMPDIR to a short path",
  );
}

async function isOwn(folder: string): Promise<boolean> {
  if (!isAbsolute(folder)) return false;
  const status = await stat(folder).catch(() => undefined);
  return status?.isDirectory() === true && status.uid === process.getuid?.() && (status.mode & 0o077) === 0;
}

/** Shows other processes that the folder is in use, even those that cannot see this one's process ID, as in a container. */
function listenAsOwner(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(path, () => {
      server.unref();
      resolve();
    });
  });
}

/** Removes the folders whose owner does not listen any more, and ends their masters. */
async function sweep(base: string, platform: NodeJS.Platform): Promise<void> {
  if (platform === "win32") return;
  for (const name of await readdir(base)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(base, name);
    const { uid, mtimeMs } = await stat(path);
    if (uid !== process.getuid?.() || Date.now() - mtimeMs < youngestSweptMs) continue;
    // A folder without the socket is not one of ours.
    const owner = await stat(join(path, ownerName)).catch(() => undefined);
    if (owner?.isSocket() !== true || (await isListening(join(path, ownerName)))) continue;
    for (const inside of await readdir(path).catch(() => []))
      if (/^[0-9]+$/u.test(inside)) (await openControl(join(path, inside)))?.terminate();
    await rm(path, { recursive: true, force: true });
  }
}

/** Whether a process listens on the socket. An owner closes the connection at once. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

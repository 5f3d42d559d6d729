import { Semaphore } from "../../base/concurrency";
import { LogoffError } from "../../base/errors";
import type { SshContext } from "../options";
import { describeKey, hostKeyRules, nameInKnownHosts, type KeyOwner } from "./host-key";
import { appendKnownHost, withKnownHostsLock } from "./known-hosts-append";
import { knownHostsPaths, type KnownHostsReader } from "./known-hosts-files";

/**
 * Records the key of a new host, after checking again with the file locked: another connection, to this host or to an impostor,
 * may have been faster. Returns a warning for the operator.
 * @throws LogoffError `host-key-changed` if another key was recorded in the meantime
 */
export type LearnKey = (owner: KeyOwner, blob: Buffer, signal: AbortSignal) => Promise<string>;

/**
 * `accept-new` for one process, with one writer at a time. Remembers keys that could not be written: otherwise every connection
 * to such a host would accept any key.
 */
export function acceptNewKeys(context: SshContext, { readNow }: KnownHostsReader): LearnKey {
  const turn = new Semaphore(1);
  const unwritten = new Map<string, Buffer>();

  /** The line to add; undefined if the files contain the key. */
  const missingLine = async (owner: KeyOwner, blob: Buffer): Promise<string | undefined> => {
    const verdict = hostKeyRules(owner, await readNow(owner.hostKeys)).check(blob);
    if (!verdict.trusted) throw verdict.error;
    return verdict.learn;
  };
  /** Why the key could not be written; undefined if the file contains it now. */
  const write = async (
    path: string,
    owner: KeyOwner,
    blob: Buffer,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    try {
      return await withKnownHostsLock(path, context.clock, signal, async () => {
        const line = await missingLine(owner, blob);
        if (line === undefined) return undefined;
        await appendKnownHost(path, line);
        // Read again: the next connection must find the key, but a link to /dev/null swallows it.
        const isThere = (await missingLine(owner, blob)) === undefined;
        return isThere ? undefined : `could not be added to "${path}": it is not in the file afterwards`;
      });
    } catch (thrown) {
      if (thrown instanceof LogoffError) throw thrown;
      const code = (thrown as NodeJS.ErrnoException).code ?? "unknown error";
      return `could not be added to "${path}": ${code}`;
    }
  };
  const learn = async (owner: KeyOwner, blob: Buffer, signal: AbortSignal): Promise<string> => {
    const name = nameInKnownHosts(owner);
    const before = unwritten.get(name);
    if (before !== undefined && !before.equals(blob)) throw changedSince(owner, blob, before);
    const [path] = knownHostsPaths(owner.hostKeys, context);
    const accepted = `key ${describeKey(blob)} of new host "${owner.label}" was accepted`;
    const problem =
      path === undefined
        ? "not recorded, because there is no known_hosts file"
        : await write(path, owner, blob, signal);
    // As in OpenSSH, a file that cannot be written does not prevent the connection; the host only stays new.
    if (problem === undefined) unwritten.delete(name);
    else unwritten.set(name, blob);
    return problem === undefined ? `${accepted} and added to "${path ?? ""}"` : `${accepted} but ${problem}`;
  };
  return (owner, blob, signal) => turn.run(() => learn(owner, blob, signal), signal);
}

function changedSince(owner: KeyOwner, blob: Buffer, before: Buffer): LogoffError {
  return new LogoffError(
    "host-key-changed",
    `Cannot trust "${owner.label}": its key ${describeKey(blob)} is not the one that was accepted before and could not be ` +
      `written down, ${describeKey(before)}; someone may be intercepting the connection: compare both with the host's own`,
  );
}

import { Slots } from "../async";
import { LogoffError } from "../errors";
import { hostKeyRules, type KeyOwner } from "./host-key";
import { appendKnownHost, withKnownHostsLock } from "./known-hosts-append";
import { knownHostsPaths, type KnownHostsReader } from "./known-hosts-files";
import type { SshContext } from "./options";
import { decodePublicKey, fingerprint } from "./public-key";

/**
 * Writes the key of a new host down, after looking again with the file locked: another connection, to this host or to one
 * that pretends to be it, may have been quicker. The result is a warning for the operator.
 * @throws LogoffError `host-key-changed` when another key is known by now
 */
export type LearnKey = (owner: KeyOwner, blob: Buffer, signal: AbortSignal) => Promise<string>;

/** `accept-new` for one process: one writer at a time. */
export function keyLearner(context: SshContext, { readNow }: KnownHostsReader): LearnKey {
  const turn = new Slots(1);
  return (owner, blob, signal) => {
    const [path] = knownHostsPaths(owner.hostKeys, context);
    const key = `key ${decodePublicKey(blob)?.type ?? ""} ${fingerprint(blob)} of new host "${owner.label}"`;
    if (path === undefined)
      return Promise.resolve(`${key} was accepted and not written down: no known_hosts file`);
    const learn = async (): Promise<string> => {
      const verdict = hostKeyRules(owner, await readNow(owner.hostKeys)).check(blob);
      if (!verdict.trusted) throw verdict.error;
      if (verdict.learn !== undefined) {
        await appendKnownHost(path, verdict.learn);
        // Whoever comes next must find it.
        await readNow(owner.hostKeys);
      }
      return `${key} was accepted and added to "${path}"`;
    };
    return turn.run(async () => {
      try {
        return await withKnownHostsLock(path, context.clock, signal, learn);
      } catch (thrown) {
        if (thrown instanceof LogoffError) throw thrown;
        // As OpenSSH: a file that cannot be written does not keep us out, it only leaves the host new.
        const code = (thrown as NodeJS.ErrnoException).code ?? "unknown error";
        return `${key} was accepted and could not be added to "${path}": ${code}`;
      }
    }, signal);
  };
}

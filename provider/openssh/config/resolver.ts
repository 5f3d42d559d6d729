import { rm } from "node:fs/promises";
import type { Host } from "../../connection";
import { orAborted } from "../../base/abort";
import type { SshContext } from "../../ssh/options";
import { withDeadline } from "../../ssh/transport/deadline";
import { asGiven, configRejected, configTooSlow, fromOutput, type ResolvedHost } from "./resolve";
import { writeFiles } from "../connection-files";
import type { FindMachine } from "../machine/machine";
import { outputOfSsh } from "../machine/ssh-process";

/** A host as ssh would reach it. @throws LogoffError `plan-invalid` */
export type Resolve = (host: Host, signal: AbortSignal) => Promise<ResolvedHost>;

const never = new AbortController().signal;

/** Resolves a host as ssh does: with `ssh -G` where the user's files count, each host once. */
export function hostResolver(context: SshContext, find: FindMachine): Resolve {
  const known = new Map<string, Promise<ResolvedHost>>();
  const ask = async (host: Host, signal: AbortSignal): Promise<ResolvedHost> => {
    const machine = await find(host, signal);
    const base = machine.folder.next();
    const login = { lines: [], keys: [], secrets: [] };
    await writeFiles({
      host: { ...host, hostKeys: { pinned: [], strict: "yes" } },
      givenName: host.address,
      name: host.address,
      login,
      machine,
      context,
      base,
    });
    const args = ["-G", "-F", `${base}.conf`, "--", asGiven(host, context.localUser()).host.address];
    const { code, stdout, stderr } = await outputOfSsh(machine.program, args, signal).finally(() =>
      rm(`${base}.conf`, { force: true }),
    );
    if (code !== 0) throw configRejected(host, stderr);
    return fromOutput(host, stdout, context.localUser());
  };
  // Several callers wait for one answer, so none of them may end it; a Match exec may hang.
  const askInTime = (host: Host): Promise<ResolvedHost> =>
    withDeadline(
      context.clock,
      host.connectTimeoutMs,
      never,
      () => configTooSlow(host),
      (signal) => ask(host, signal),
    );
  return async (host, signal) => {
    if (host.sshConfig === undefined) return asGiven(host, context.localUser());
    const key = JSON.stringify(host);
    const resolved = known.get(key) ?? askInTime(host);
    known.set(key, resolved);
    resolved.catch(() => known.delete(key));
    return orAborted(resolved, signal);
  };
}

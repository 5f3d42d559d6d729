import type { Machine, ProgramContext, Rights } from "./program";
import { win32, type Win32Error } from "./session-model";

/** The machine that a command acts on, and the caller's rights there. */
export type Target =
  | { readonly machine: Machine; readonly rights: Rights; readonly remote: boolean }
  | { readonly error: Win32Error };

/**
 * Resolves `/server:`. A public key login has no network credentials, so another machine answers it with 5; an unknown name
 * gives 1722. On the other machine, the caller has the same rights.
 */
export function targetOf(context: ProgramContext, server: string | undefined): Target {
  const { here, caller } = context;
  const own = here.model.name.toLowerCase();
  if (server === undefined || server.toLowerCase() === own || server.toLowerCase() === "localhost") {
    return { machine: here, rights: caller.rights, remote: false };
  }
  const machine = context.peer(server);
  if (machine === undefined) return { error: win32.rpcUnavailable };
  if (caller.method === "publickey") return { error: win32.accessDenied };
  return { machine, rights: caller.rights, remote: true };
}

/** The two SSH clients of a process behind one {@link Reach}: each host has the client that its plan names. */
import { openOpenSsh } from "../openssh/open-openssh";
import { jumpHostFinder, type ResolveRoute } from "../ssh/config/jump-host-routes";
import { passwordGuard } from "../ssh/login/password-guard";
import { acceptedKeys } from "../ssh/login/proven-credentials";
import { openSsh, type Ssh, type SshOptions } from "../ssh/open-ssh";

/**
 * Opens both clients. They share what is known about passwords and keys, so that one that a host rejects is not offered to the next by the
 * other client. Nothing of the machine's ssh is touched until a host needs it.
 */
export function openClients(options: SshOptions): Ssh {
  const shared: SshOptions = {
    passwordGuard: passwordGuard(options.clock, options.rejectedBefore),
    acceptedKeys: acceptedKeys(),
    ...options,
  };
  const clients = { builtin: openSsh(shared), openssh: openOpenSsh(shared) };
  const resolve: ResolveRoute = (host) => clients[host.client ?? "builtin"].resolve(host);
  return {
    connect: (host, signal) => clients[host.client ?? "builtin"].connect(host, signal),
    findJumpHosts: jumpHostFinder(resolve),
  };
}

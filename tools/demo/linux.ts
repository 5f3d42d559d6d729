import { setTimeout as delay } from "node:timers/promises";
import { startRealLinux } from "../../test/lab/linux/real-linux";

/** A real sshd and logind in addition to the simulated Windows hosts, with two people logged in. */
export interface DemoLinux {
  readonly name: string;
  /** The host as named in the program. */
  readonly place: string;
  readonly knownHosts: string;
  /** The users that loginctl lists, by session ID, without our own logins as root. */
  people(): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

const people = ["olga", "pavel"] as const;

/** Starts one, or returns why this machine cannot run it. */
export async function startDemoLinux(
  publicKey: string,
): Promise<DemoLinux | { readonly unavailable: string }> {
  const host = await startRealLinux({ users: people, authorizedKeys: [publicKey] });
  if ("unavailable" in host) return host;
  for (const user of people) await host.login(user, "echo hello; exec sleep 600");
  const census: DemoLinux["people"] = async () => {
    const { stdout } = await host.inside("loginctl", "--no-pager", "--no-legend", "list-sessions");
    const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/u));
    return new Map(
      rows.flatMap(([id = "", , user = ""]): [string, string][] =>
        people.some((one) => one === user) ? [[id, user]] : [],
      ),
    );
  };
  // A login completes its handshake before logind creates its session.
  for (let tries = 0; tries < 40 && (await census()).size < people.length; tries += 1) await delay(100);
  return {
    name: "linux1",
    place: `root@${host.address}:${host.port}`,
    knownHosts: `[${host.address}]:${host.port} ${host.hostKey}\n`,
    people: census,
    stop: () => host.stop(),
  };
}

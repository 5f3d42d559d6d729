import { setMaxListeners } from "node:events";
import { manyAddresses, nextAddress } from "./addresses";
import { realClock, type LabClock } from "./clock";
import { createClosedLog, type ClosedEvent } from "./closed-log";
import type { CommandRecord } from "./command-record";
import { createPower, type RestartPlan, type RestartTimes } from "./restart";
import { createKeyPair, sharedKeyPair, type HostKeyType, type KeyPair } from "./ssh/keys";
import type { LoginUser } from "./ssh/login";
import { createSshHost, type SshHost } from "./ssh/ssh-host";
import type { SshOptions } from "./ssh/ssh-options";
import type { Shell } from "./windows/command-line";
import type { Machine } from "./windows/program";
import { defaultLook, type Look } from "./windows/render";
import { createWindowsModel, type ModelOptions, type WindowsModel } from "./windows/windows-model";

/** What happens to a host of the lab that restarts. */
export interface LabRestart extends RestartPlan {
  /** Another host key, which it shows when it is back, as after a reinstallation. Default: the one it had. */
  readonly hostKey?: KeyPair;
}

export interface HostOptions extends Partial<Look>, Omit<ModelOptions, "clock" | "onDrainChange"> {
  /** Default: a new address. */
  readonly address?: string;
  /** Default, or 0: the system picks one. */
  readonly port?: number;
  /** Default: `cmd`. */
  readonly shell?: Shell;
  /** Default: {@link labUser}. */
  readonly users?: readonly LoginUser[];
  /** `shared` (the default) is one key for the whole process; `own` generates one; key pairs are used as given. */
  readonly hostKey?: "shared" | "own" | HostKeyType | KeyPair | readonly KeyPair[];
  readonly ssh?: SshOptions;
  /** What `shutdown /r` does. Default: the host has no such command. */
  readonly onShutdown?: LabRestart;
  readonly messagesReachDisconnected?: boolean;
  readonly missingTools?: readonly string[];
  readonly unixTools?: boolean;
  readonly greeting?: string;
  readonly errorGreeting?: string;
}

export interface LabHost extends Omit<SshHost, "listen" | "close" | "goDown" | "comeUp"> {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly model: WindowsModel;
  /** The one that it starts with. */
  readonly hostKey: KeyPair;
  /** A known_hosts line for each host key that it starts with. */
  readonly knownHosts: string;
  /** The raw text of every command so far. */
  commandTexts(): readonly string[];
  /** Listens again after {@link SshHost.stopListening}, at the same address and port. */
  listenAgain(): Promise<void>;
  /** Restarts the host, without a command. @throws Error if it is restarting already */
  restart(how?: LabRestart): void;
  /** Every restart so far, in order. */
  restarts(): readonly RestartTimes[];
  /** False from when it goes away until it is back. */
  isUp(): boolean;
}

/** A request to a host that was not scripted. */
interface Unexpected {
  readonly host: string;
  readonly what: string;
}

export interface Lab {
  readonly hosts: readonly LabHost[];
  /** @throws Error if there is no such host */
  host(name: string): LabHost;
  /** `127.16.3.2:40123` */
  addressOf(name: string): string;
  /** known_hosts text for all hosts. */
  readonly knownHosts: string;
  /** The private key that {@link labUser} may log in with. */
  readonly clientKey: KeyPair;
  /** The commands of all hosts, in order of arrival. */
  commands(): readonly CommandRecord[];
  /** Every change of a drain mode and every restart, with the number of hosts that took no new logons then. */
  closedLog(): readonly ClosedEvent[];
  /** The most hosts that took no new logons at once: drained, away, or back without a listener. */
  mostClosed(): number;
  unexpected(): readonly Unexpected[];
  /** Returns and clears the unexpected requests, for tests that provoke them. */
  takeUnexpected(): readonly Unexpected[];
  /** @throws Error that lists the unexpected requests */
  assertNoUnexpected(): void;
  /** Stops everything, then throws as {@link Lab.assertNoUnexpected} does. May be called twice. */
  close(): Promise<void>;
}

/** The key that {@link labUser} logs in with, one per process. */
export const clientKey: KeyPair = sharedKeyPair("client");

/** The default login of a host: an administrator, by password or {@link clientKey}. */
export const labUser: LoginUser & { readonly password: string } = {
  name: "admin",
  password: "Lab-only!Pa55word",
  publicKeys: [clientKey.publicKey],
  rights: "full-control",
};

/** Starts one SSH server per host. Always `close()` the lab: that reports unscripted commands. */
export async function startLab(options: {
  readonly hosts: readonly HostOptions[];
  /** Default: real time. */
  readonly clock?: LabClock;
  /** Called when a command arrives, before it runs. */
  readonly onCommand?: (record: CommandRecord) => void;
}): Promise<Lab> {
  const clock = options.clock ?? realClock;
  const startMs = clock.now();
  const unexpected: Unexpected[] = [];
  const machines = new Map<string, { readonly machine: Machine; readonly isUp: () => boolean }>();
  const nowMs = (): number => clock.now() - startMs;
  const closedLog = createClosedLog(nowMs);
  const closing = new AbortController();
  // Each host that restarts listens.
  setMaxListeners(0, closing.signal);
  let seq = 0;
  const separate = await manyAddresses();

  async function startHost(host: HostOptions): Promise<LabHost & { readonly close: () => void }> {
    const unexpectedHere = (what: string): void => void unexpected.push({ host: host.name, what });
    const { onShutdown } = host;
    const machine: Machine = {
      ...machineOf(host, clock, (mode) => closedLog.note(host.name, mode)),
      ...(onShutdown && { shutDown: (afterMs, answered) => power.shutDown(onShutdown, afterMs, answered) }),
    };
    const hostKeys = hostKeysOf(host.hostKey ?? "shared");
    const ssh = createSshHost({
      machine,
      shell: host.shell ?? "cmd",
      users: host.users ?? [labUser],
      hostKeys,
      options: host.ssh ?? {},
      onCommand: options.onCommand ?? (() => undefined),
      nextSeq: () => (seq += 1),
      nowMs,
      rejectsLogins: () => power.rejectsLogins() !== undefined,
      peer: (name) => {
        const peer = machines.get(name.toLowerCase());
        return peer?.isUp() === true ? peer.machine : undefined;
      },
      unexpected: unexpectedHere,
    });
    const power = createPower<LabRestart>({
      model: machine.model,
      clock,
      nowMs,
      closedLog,
      closing: closing.signal,
      goDown: ({ whileDown = "refuses" }) => ssh.goDown(whileDown),
      comeUp: ({ hostKey }) => ssh.comeUp(address, port, hostKey && [hostKey]),
      unexpected: unexpectedHere,
    });
    closedLog.add(() => !power.isUp() || !machine.model.takesLogons());
    const address = host.address ?? (separate ? nextAddress() : "127.0.0.1");
    const port = await ssh.listen(address, host.port ?? 0);
    for (const name of [host.name, address])
      machines.set(name.toLowerCase(), { machine, isUp: () => power.isUp() });
    const place = port === 22 ? address : `[${address}]:${port}`;
    return {
      ...ssh,
      name: host.name,
      address,
      port,
      model: machine.model,
      hostKey: hostKeys[0] ?? sharedKeyPair("host"),
      knownHosts: hostKeys.map((key) => `${place} ${key.publicKey}\n`).join(""),
      commandTexts: () => ssh.commands.map((record) => record.command),
      listenAgain: async () => {
        await ssh.listen(address, port);
      },
      restart: (how = {}) => power.restart(how),
      restarts: () => power.restarts(),
      isUp: () => power.isUp(),
    };
  }

  const names = options.hosts.map((host) => host.name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two hosts are called ${twice}`);
  const started = await Promise.allSettled(options.hosts.map(startHost));
  const hosts = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = started.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    closing.abort();
    for (const host of hosts) host.close();
    throw failure.reason;
  }

  function host(name: string): LabHost {
    const found = hosts.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw new Error(`the lab has no host ${name}`);
    return found;
  }

  function assertNoUnexpected(): void {
    if (unexpected.length === 0) return;
    const lines = unexpected.map((one) => `  ${one.host}: ${one.what}`);
    throw new Error(`the lab met what nobody scripted:\n${lines.join("\n")}`);
  }

  return {
    hosts,
    host,
    addressOf: (name) => `${host(name).address}:${host(name).port}`,
    knownHosts: hosts.map((one) => one.knownHosts).join(""),
    clientKey,
    commands: () => hosts.flatMap((one) => one.commands).sort((a, b) => a.seq - b.seq),
    closedLog: () => closedLog.events(),
    mostClosed: () => closedLog.most(),
    unexpected: () => [...unexpected],
    takeUnexpected: () => unexpected.splice(0),
    assertNoUnexpected,
    close: async () => {
      closing.abort();
      for (const one of hosts) one.close();
      // Gives the sockets and servers one turn of the event loop to close.
      await new Promise((resolve) => setImmediate(resolve));
      assertNoUnexpected();
    },
  };
}

function machineOf(
  host: HostOptions,
  clock: LabClock,
  onDrainChange: NonNullable<ModelOptions["onDrainChange"]>,
): Machine {
  const {
    codePage,
    headerLanguage,
    messagesReachDisconnected,
    missingTools,
    unixTools,
    greeting,
    errorGreeting,
  } = host;
  return {
    model: createWindowsModel({ ...host, clock, onDrainChange }),
    look: {
      language: host.language ?? defaultLook.language,
      layout: host.layout ?? defaultLook.layout,
      servicesRow: host.servicesRow ?? defaultLook.servicesRow,
      ...(codePage === undefined ? {} : { codePage }),
      ...(headerLanguage === undefined ? {} : { headerLanguage }),
    },
    ...(messagesReachDisconnected === undefined ? {} : { messagesReachDisconnected }),
    ...(missingTools === undefined ? {} : { missingTools }),
    ...(unixTools === undefined ? {} : { unixTools }),
    ...(greeting === undefined ? {} : { greeting }),
    ...(errorGreeting === undefined ? {} : { errorGreeting }),
  };
}

function hostKeysOf(wanted: NonNullable<HostOptions["hostKey"]>): readonly KeyPair[] {
  if (wanted === "shared") return [sharedKeyPair("host")];
  if (wanted === "own") return [createKeyPair()];
  if (typeof wanted === "string") return [createKeyPair(wanted)];
  return "privateKey" in wanted ? [wanted] : wanted;
}

/** A small ssh2 server that does what a test says and records every login attempt. */
import { once } from "node:events";
import { connect, type AddressInfo, type Server as NetServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { Server, utils, type Algorithms, type AuthContext, type Connection, type ServerChannel } from "ssh2";
import { systemClock, type Clock } from "../../provider/base/clock";
import type { Host } from "../../provider/connection";
import type { SshOptions } from "../../provider/ssh/options";
import { createKeyPair, type HostKeyType } from "../lab/ssh/keys";

export interface TestKey {
  readonly privateText: string;
  readonly publicText: string;
  readonly blob: Buffer;
}

const keys = new Map<string, TestKey>();

/** A different key for each name, generated once per process. */
export function testKey(name: string, type: HostKeyType = "ed25519"): TestKey {
  const known = keys.get(`${type} ${name}`);
  if (known) return known;
  const made = makeKey(type);
  keys.set(`${type} ${name}`, made);
  return made;
}

function makeKey(type: HostKeyType): TestKey {
  const { privateKey, publicKey } = createKeyPair(type);
  return {
    privateText: privateKey,
    publicText: publicKey,
    blob: Buffer.from(publicKey.split(" ")[1]!, "base64"),
  };
}

export interface Script {
  readonly address?: string;
  /** Default: a free port. */
  readonly port?: number;
  readonly hostKeys?: readonly TestKey[];
  readonly algorithms?: Algorithms;
  /** Decides about a login; default: rejects everything but `password` and `key`. */
  readonly onLogin?: (context: AuthContext, server: ScriptedServer) => void;
  readonly password?: string;
  readonly key?: TestKey;
  readonly onExec?: (
    command: string,
    channel: () => ServerChannel,
    reject: () => void,
    client: Connection,
  ) => void;
  /** Answers a request for a channel, now or later. If it returns true, the server opens the channel instead. */
  readonly onSession?: (accept: () => void, reject: () => void, count: number) => boolean;
  /** How many channels may be open on a connection at a time. */
  readonly maxSessions?: number;
  /** How many channels may ever be opened on a connection. */
  readonly channelsEver?: number;
  /** How channels are refused (RFC 4254 5.1); default: reason 2 without a text, as sshd does at MaxSessions. */
  readonly refusal?: { readonly reason: number; readonly words: string };
  readonly onConnection?: (client: Connection, server: ScriptedServer) => void;
  /** Lines before the identification. */
  readonly greeting?: string;
  /** Text for the user before the login (RFC 4252 5.4). */
  readonly banner?: string;
  /** Receives a line about every message. */
  readonly debug?: (line: string) => void;
  /** Whether the server forwards connections as a jump host does. */
  readonly forwards?: boolean;
}

export interface ScriptedServer {
  readonly address: string;
  readonly port: number;
  /** `publickey:BLOB`, `password:TEXT` and other methods, including `none`, in order of arrival. */
  readonly logins: string[];
  readonly commands: string[];
  /** What was requested of sessions besides commands: `pty`, `env NAME`, `auth-agent` and others. */
  readonly requests: string[];
  readonly forwarded: string[];
  readonly connections: () => number;
  readonly open: () => number;
  readonly close: () => Promise<void>;
}

export async function startServer(script: Script = {}): Promise<ScriptedServer> {
  const clients = new Set<Connection>();
  const sockets = new Set<Socket>();
  let connections = 0;
  let sessions = 0;
  const server = new Server({
    hostKeys: (script.hostKeys ?? [testKey("host")]).map((key) => key.privateText),
    ...(script.algorithms && { algorithms: script.algorithms }),
    ...(script.greeting !== undefined && { greeting: script.greeting }),
    ...(script.banner !== undefined && { banner: script.banner }),
    ...(script.debug && { debug: script.debug }),
  });
  const started = (port: number): ScriptedServer => ({
    address: script.address ?? "127.0.0.1",
    port,
    logins: [],
    commands: [],
    requests: [],
    forwarded: [],
    connections: () => connections,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!inner.listening) return;
      server.close();
      await once(server, "close");
    },
  });
  const inner = (server as unknown as { _srv: NetServer })._srv;
  inner.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(script.port ?? 0, script.address ?? "127.0.0.1");
  await once(server, "listening");
  const self = started((server.address() as AddressInfo).port);
  server.on("connection", (client) => {
    connections += 1;
    clients.add(client);
    client.on("error", () => undefined);
    client.on("close", () => clients.delete(client));
    script.onConnection?.(client, self);
    client.on("authentication", (context) => {
      record(self.logins, context);
      if (script.onLogin) script.onLogin(context, self);
      else defaultLogin(script, context);
    });
    if (script.forwards !== undefined)
      client.on("tcpip", (accept, reject, info) => {
        self.forwarded.push(`${info.destIP}:${info.destPort}`);
        if (!script.forwards) {
          reject();
          return;
        }
        const socket = connect(info.destPort, info.destIP);
        socket.on("error", () => reject());
        socket.once("connect", () => {
          const channel = accept();
          channel.on("error", () => undefined).on("close", () => socket.destroy());
          socket.on("close", () => channel.end());
          channel.pipe(socket).pipe(channel);
        });
      });
    if (script.refusal) refuseWith(client, script.refusal);
    let granted = 0;
    client.on("session", (accept, reject) => {
      sessions += 1;
      const open = (): void => {
        granted += 1;
        const session = accept();
        for (const kind of ["pty", "auth-agent", "x11", "shell", "sftp"] as const)
          session.on(kind as "pty", () => void self.requests.push(kind));
        session.on("subsystem", (_accept, _reject, { name }) => void self.requests.push(`subsystem ${name}`));
        session.on("env", (_accept, _reject, { key }) => void self.requests.push(`env ${key}`));
        session.on("exec", (acceptExec, rejectExec, info) => {
          self.commands.push(info.command);
          const onExec = script.onExec ?? echo;
          onExec(info.command, acceptExec, rejectExec, client);
        });
      };
      const isFull = openChannels(client) > (script.maxSessions ?? Infinity);
      if (isFull || granted >= (script.channelsEver ?? Infinity)) reject();
      else if (script.onSession?.(open, reject, sessions) ?? true) open();
    });
  });
  return self;
}

/** How many channels are open on the connection, including the requested one. */
function openChannels(client: Connection): number {
  return (client as unknown as { _chanMgr: { _count: number } })._chanMgr._count;
}

/** Makes the server refuse channels with this reason and text; ssh2's server always uses the same. */
function refuseWith(client: Connection, { reason, words }: NonNullable<Script["refusal"]>): void {
  type Refuse = (channel: number, reason: number, words: string) => void;
  const protocol = (client as unknown as { _protocol: { channelOpenFail: Refuse } })._protocol;
  const refuse = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (channel) => refuse(channel, reason, words);
}

function record(logins: string[], context: AuthContext): void {
  if (context.method === "password") logins.push(`password:${context.password}`);
  else if (context.method === "publickey")
    logins.push(`publickey:${context.key.data.toString("base64")}${context.signature ? ":signed" : ""}`);
  else logins.push(context.method);
}

function defaultLogin(script: Script, context: AuthContext): void {
  const { password, key } = script;
  if (isRight(script, context)) context.accept();
  else
    context.reject([
      ...(key ? (["publickey"] as const) : []),
      ...(password === undefined ? [] : (["password"] as const)),
    ]);
}

function isRight({ password, key }: Script, context: AuthContext): boolean {
  if (context.method === "password") return context.password === password;
  if (context.method !== "publickey" || key === undefined || !context.key.data.equals(key.blob)) return false;
  if (context.signature === undefined) return true;
  const parsed = utils.parseKey(key.publicText);
  if (parsed instanceof Error) throw parsed;
  return parsed.verify(context.blob!, context.signature, context.hashAlgo);
}

function echo(command: string, accept: () => ServerChannel): void {
  const channel = accept();
  channel.write(`ran ${command}`);
  channel.exit(0);
  channel.end();
}

/** A host that reaches the server, with its key pinned. */
export function hostOf(
  server: { readonly address: string; readonly port: number },
  changes: Partial<Host> = {},
): Host {
  return {
    label: `${server.address}:${server.port}`,
    address: server.address,
    port: server.port,
    user: "admin",
    login: { privateKeys: [], password: { from: "value", value: "open sesame" } },
    hostKeys: { pinned: [testKey("host").publicText], strict: "yes" },
    jumpHosts: [],
    algorithms: "default",
    keepaliveMs: 0,
    connectTimeoutMs: 4000,
    ...changes,
  };
}

/** Options for a machine without a home folder, system files or an environment. */
export function bareOptions(changes: Partial<SshOptions> = {}): SshOptions {
  return {
    baseFolder: "/nonexistent",
    home: "/nonexistent",
    env: {},
    systemKnownHostsFiles: [],
    localUser: () => "local",
    ...changes,
  };
}

export const never: AbortSignal = new AbortController().signal;

/** Waits until the condition holds, for at most half a minute. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface HeldTimers {
  readonly clock: Clock;
  /** The number of running timers. */
  readonly running: () => number;
  /** Ends the running timers. */
  readonly expire: () => void;
}

/** A clock whose timers of exactly `heldMs` end when the test says so, so that the test controls when a deadline expires. */
export function holdTimers(heldMs: number): HeldTimers {
  const held = new Set<() => void>();
  let passedMs = 0;
  const after: Clock["after"] = (ms, wake) => {
    if (ms !== heldMs) return systemClock.after(ms, wake);
    held.add(wake);
    return () => held.delete(wake);
  };
  return {
    clock: { ...systemClock, after, now: () => systemClock.now() + passedMs },
    running: () => held.size,
    expire: () => {
      // Add some more, because a deadline is extended by the time for which it was paused.
      passedMs += heldMs + 10_000;
      const wakes = [...held];
      held.clear();
      wakes.forEach((wake) => wake());
    },
  };
}

/** A server for one test, which ends with the test. By default it accepts the password "open sesame". */
export async function serverFor(t: TestContext, script: Script = {}): Promise<ScriptedServer> {
  const server = await startServer({ password: "open sesame", ...script });
  t.after(() => server.close());
  return server;
}

import { connect as connectTcp, createServer, type Socket, type Server as TcpServer } from "node:net";
import { Server, type Connection, type Session } from "ssh2";
import type { CommandRecord } from "../command-record";
import { createFaultScript, troubleOf, type CommandFault, type ConnectionTrouble } from "../faults";
import { programsIn } from "../windows/command-line";
import type { Caller } from "../windows/program";
import { runOnChannel } from "./exec-channel";
import type { KeyPair } from "./keys";
import { createLoginDesk, type LoginRules, type OfferedLogin } from "./login";
import type { SshHostContext } from "./ssh-options";

interface Counters {
  /** TCP connections accepted, including those that then met a fault. */
  readonly connections: number;
  readonly openConnections: number;
  readonly mostConnections: number;
  readonly runningCommands: number;
  readonly mostCommands: number;
  readonly bytesSent: number;
}

export interface SshHost {
  readonly commands: readonly CommandRecord[];
  readonly logins: readonly OfferedLogin[];
  /** `address:port` of every connection forwarded through this host. */
  readonly forwards: readonly string[];
  counters(): Counters;
  fault(fault: CommandFault): void;
  clearFaults(): void;
  /** Applies these faults to the next connections, one each. */
  troubleNextConnections(...troubles: readonly ConnectionTrouble[]): void;
  listen(address: string, port: number): Promise<number>;
  /** Stops listening: new connections are refused, open ones stay. */
  stopListening(): void;
  /** Resets all open connections. */
  dropConnections(): void;
  /** Makes the host vanish silently: connections stay open, but nothing is read or sent any more. */
  freeze(): void;
  /** Resets all connections, and refuses or ignores new ones. */
  goDown(whileDown: "refuses" | "silent"): void;
  /** Undoes {@link SshHost.goDown}, with other host keys if some are given. */
  comeUp(address: string, port: number, hostKeys: readonly KeyPair[] | undefined): Promise<void>;
  close(): void;
}

/** Puts an SSH server in front of a machine. */
export function createSshHost(context: SshHostContext): SshHost {
  const { machine, options } = context;
  const { clock } = machine.model;
  const commands: CommandRecord[] = [];
  const logins: OfferedLogin[] = [];
  const forwards: string[] = [];
  const faults = createFaultScript(options.faults);
  const troubles: ConnectionTrouble[] = [...(options.connectionTroubles ?? [])];
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  const rules: LoginRules = {
    get users() {
      return context.rejectsLogins() ? [] : context.users;
    },
    methods: options.methods ?? ["publickey", "password", "keyboard-interactive"],
    maxTries: options.maxTries ?? 6,
  };
  let tcp: TcpServer | undefined;
  let frozen = false;
  let down: "refuses" | "silent" | undefined;
  const count = { connections: 0, mostConnections: 0, runningCommands: 0, mostCommands: 0, bytesSent: 0 };

  let ssh = serverWith(context.hostKeys);

  /** ssh2 takes host keys only when it makes a server. */
  function serverWith(hostKeys: readonly KeyPair[]): Server {
    const server = new Server(
      {
        hostKeys: hostKeys.map((key) => key.privateKey),
        ident: options.ident ?? "OpenSSH_for_Windows_9.5",
        ...(options.algorithms === undefined ? {} : { algorithms: options.algorithms }),
      },
      () => undefined,
    );
    server.on("connection", (client: Connection, info: { readonly ip: string; readonly port: number }) => {
      client.on("error", () => undefined);
      const guest = waiting.get(`${info.ip}:${info.port}`);
      if (guest === undefined) client.end();
      else serve(client, guest);
    });
    return server;
  }

  async function greet(socket: Socket): Promise<void> {
    count.connections += 1;
    const connection = count.connections;
    const trouble = troubles.shift();
    sockets.add(socket);
    count.mostConnections = Math.max(count.mostConnections, sockets.size);
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      count.bytesSent += socket.bytesWritten;
    });
    if (trouble === "reset") socket.resetAndDestroy();
    else if (trouble === "full") socket.end();
    // The system may have accepted it just before the host went down.
    else if (down === "refuses") socket.resetAndDestroy();
    else if (trouble === "silent" || frozen || down === "silent") socket.pause();
    else {
      if (options.connectDelayMs !== undefined) await clock.sleep(options.connectDelayMs, closing.signal);
      if (socket.destroyed) return;
      if (options.resetAtGoodbye === true) socket.end = () => socket.resetAndDestroy();
      // `connection` events come in the order of the clients' banners, so they are matched by address.
      const key = `${socket.remoteAddress ?? ""}:${socket.remotePort ?? 0}`;
      waiting.set(key, { socket, connection, trouble });
      socket.once("close", () => waiting.delete(key));
      ssh.injectSocket(socket);
    }
  }

  interface Guest {
    readonly socket: Socket;
    readonly connection: number;
    readonly trouble: ConnectionTrouble | undefined;
  }
  const waiting = new Map<string, Guest>();

  function serve(client: Connection, { socket, connection, trouble }: Guest): void {
    const desk = createLoginDesk(
      rules,
      (offer) => void logins.push({ ...offer, connection, atMs: context.nowMs() }),
      () => client.end(),
    );
    let channels = 0;
    client.on("authentication", (offer) => {
      if (trouble === "dropped-before-login") socket.resetAndDestroy();
      else desk.judge(offer);
    });
    client.on("ready", () => {
      if (trouble === "dropped-after-login") socket.resetAndDestroy();
    });
    client.on("session", (accept, reject) => {
      if (channels >= (options.maxSessions ?? 10)) {
        reject();
        return;
      }
      channels += 1;
      const session = accept();
      session.on("close", () => void (channels -= 1));
      const caller = desk.caller();
      if (caller !== undefined) attend(session, { socket, connection, caller });
    });
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (options.forwards === false || !/^127\./.test(destIP)) {
        reject();
        return;
      }
      forwards.push(`${destIP}:${destPort}`);
      const onward = connectTcp(destPort, destIP, () => {
        const channel = accept();
        sockets.add(onward);
        channel.on("error", () => onward.destroy());
        channel.on("close", () => onward.destroy());
        onward.on("close", () => channel.end());
        channel.pipe(onward).pipe(channel);
      });
      onward.on("error", () => reject());
      onward.on("close", () => sockets.delete(onward));
    });
  }

  function attend(session: Session, guest: { socket: Socket; connection: number; caller: Caller }): void {
    session.on("pty", (accept) => {
      context.unexpected("a terminal was asked for");
      (accept as (() => void) | undefined)?.();
    });
    session.on("shell", (_accept, reject) => {
      context.unexpected("a shell was asked for");
      (reject as (() => void) | undefined)?.();
    });
    session.on("subsystem", (_accept, reject, { name }) => {
      context.unexpected(`the subsystem ${name} was asked for`);
      (reject as (() => void) | undefined)?.();
    });
    session.on("exec", (accept, reject, { command }) => {
      const trouble = troubleOf(faults, command, programsIn(command, context.shell));
      if (trouble.whole === "not-started") {
        (reject as (() => void) | undefined)?.();
        return;
      }
      count.runningCommands += 1;
      count.mostCommands = Math.max(count.mostCommands, count.runningCommands);
      const keep = (record: CommandRecord): void => {
        commands.push(record);
        context.onCommand(record);
      };
      const call = { command, trouble, ...guest };
      void runOnChannel(accept(), call, context, closing.signal, keep).then(
        () => void (count.runningCommands -= 1),
      );
    });
  }

  function listen(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        // The wait before the banner rejects only when the lab closes.
        greet(socket).catch(() => socket.destroy());
      });
      server.once("error", reject);
      server.listen(port, address, () => {
        // A host that was coming up when the lab closed.
        if (closing.signal.aborted) server.close();
        tcp = server;
        const bound = server.address();
        resolve(typeof bound === "object" && bound !== null ? bound.port : port);
      });
    });
  }

  function stopListening(): void {
    tcp?.close();
    tcp = undefined;
  }

  function dropConnections(): void {
    for (const socket of sockets) {
      // libuv refuses to reset a socket that has said goodbye, and Node then never closes it.
      if (socket.writableEnded) socket.destroy();
      else if (!socket.destroyed) socket.resetAndDestroy();
    }
  }

  return {
    commands,
    logins,
    forwards,
    counters: () => ({ ...count, openConnections: sockets.size }),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    troubleNextConnections: (...next) => void troubles.push(...next),
    listen,
    stopListening,
    dropConnections,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) {
        socket.pause();
        socket.write = () => true;
      }
    },
    goDown: (whileDown) => {
      down = whileDown;
      if (whileDown === "refuses") stopListening();
      dropConnections();
    },
    comeUp: async (address, port, hostKeys) => {
      down = undefined;
      // Those that were ignored belong to nobody now.
      dropConnections();
      if (hostKeys !== undefined) ssh = serverWith(hostKeys);
      if (tcp === undefined) await listen(address, port);
    },
    close: () => {
      closing.abort();
      tcp?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

import { once } from "node:events";
import type { AddressInfo, Socket, Server as TcpServer } from "node:net";
import { Server, utils, type AuthContext, type Connection as Client, type ServerChannel } from "ssh2";
import type { Connection, Host } from "../../../provider/connection";
import { manyAddresses, nextAddress } from "../addresses";
import { clientKey, labUser } from "../lab";
import { sharedKeyPair } from "../ssh/keys";
import { createLinuxHost, type LinuxHost, type LinuxHostOptions } from "./linux-host";

/** A fake Linux host behind a real SSH server, for complete runs on machines that cannot run a real one. */
export interface LinuxSshHost {
  readonly host: LinuxHost;
  readonly address: string;
  readonly port: number;
  /** Its known_hosts line. */
  readonly knownHosts: string;
  /** @throws Error that lists the unscripted calls */
  close(): Promise<void>;
}

/** Called when a command arrives; what it returns is called when the command has ended. */
type OnExec = (command: string) => () => void;

/** Starts one at a new loopback address. It accepts `labUser`'s key and password under any user name. */
export async function startLinuxSshHost(
  options: LinuxHostOptions = {},
  onExec: OnExec = () => () => undefined,
): Promise<LinuxSshHost> {
  const host = createLinuxHost(options);
  const hostKey = sharedKeyPair("host");
  const server = new Server({ hostKeys: [hostKey.privateKey], ident: "OpenSSH_9.2p1" });
  const sockets = new Set<Socket>();
  // ssh2 leaves connections open when its server is closed.
  (server as unknown as { readonly _srv: TcpServer })._srv.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("connection", (client) => serve(client, host, onExec));
  const address = (await manyAddresses()) ? nextAddress() : "127.0.0.1";
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    host,
    address,
    port,
    knownHosts: `[${address}]:${port} ${hostKey.publicKey}\n`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
      host.close();
    },
  };
}

function serve(client: Client, host: LinuxHost, onExec: OnExec): void {
  let session: Promise<Connection> | undefined;
  client.on("error", () => undefined);
  client.on("authentication", (offer) => {
    if (isRight(offer)) offer.accept();
    else offer.reject(["publickey", "password"]);
  });
  client.on("ready", () => {
    session = host.connect({} as Host, new AbortController().signal);
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        if (session === undefined) return;
        const ended = onExec(command);
        void exec(acceptExec(), command, session, client).then(ended);
      });
    });
  });
  client.on("close", () => void session?.then((connection) => connection.close()));
}

/** If the command ends its own login session, the connection closes without an answer, as with sshd. */
async function exec(
  channel: ServerChannel,
  command: string,
  session: Promise<Connection>,
  client: Client,
): Promise<void> {
  const chunks: Buffer[] = [];
  channel.on("data", (chunk: Buffer) => chunks.push(chunk));
  channel.on("error", () => undefined);
  await once(channel, "end");
  try {
    const stdin = Buffer.concat(chunks);
    const result = await (await session).exec(command, { stdin, timeoutMs: 60_000 });
    channel.stderr.write(result.stderr);
    channel.write(result.stdout, () => {
      channel.exit(result.code ?? 1);
      channel.end();
    });
  } catch {
    client.end();
  }
}

function isRight(offer: AuthContext): boolean {
  if (offer.method === "password") return offer.password === labUser.password;
  if (offer.method !== "publickey") return false;
  const key = utils.parseKey(clientKey.publicKey);
  if (key instanceof Error || !offer.key.data.equals(key.getPublicSSH())) return false;
  return offer.signature === undefined || key.verify(offer.blob ?? "", offer.signature, offer.hashAlgo);
}

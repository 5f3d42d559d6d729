import { Client, type ConnectConfig } from "ssh2";
import { clientKey, labUser, type LabHost } from "../lab";

/** What a plain ssh2 client sees of a command. */
interface Seen {
  /** Null if the channel closed without an exit code. */
  readonly code: number | null;
  readonly signal?: string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A bare connection for the lab's own tests, which checks nothing and hides nothing. */
export interface BareClient {
  readonly exec: (command: string, stdin?: string | Buffer) => Promise<Seen>;
  readonly client: Client;
  readonly end: () => void;
}

/** Logs in with the lab's key, or as `config` says. Rejects with ssh2's error. */
export function connectTo(
  host: Pick<LabHost, "address" | "port">,
  config: ConnectConfig = {},
): Promise<BareClient> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let failed: Error | undefined;
    client.on("error", (error) => {
      failed = error;
      reject(error);
    });
    client.on("keyboard-interactive", (_name, _instructions, _language, _prompts, finish) => {
      finish([config.password ?? ""]);
    });
    client.on("close", () => reject(failed ?? new Error("closed before login")));
    client.on("ready", () =>
      resolve({ client, exec: (command, stdin) => exec(client, command, stdin), end: () => client.end() }),
    );
    const withKey = { privateKey: clientKey.privateKey };
    const credentials = "password" in config || "tryKeyboard" in config ? {} : withKey;
    client.connect({
      host: host.address,
      port: host.port,
      username: labUser.name,
      ...credentials,
      ...config,
    });
  });
}

function exec(client: Client, command: string, stdin: string | Buffer = ""): Promise<Seen> {
  return new Promise((resolve, reject) => {
    // A reset also closes the channels, right after the error; the command has not ended.
    client.once("error", reject);
    client.once("close", () => reject(new Error("connection closed")));
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let code: number | null = null;
      let signal: string | undefined;
      channel.on("data", (chunk: Buffer) => void stdout.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => void stderr.push(chunk));
      channel.on("exit", (exitCode: number | null, exitSignal?: string) => {
        code = exitCode;
        signal = exitSignal;
      });
      channel.on("close", () => {
        const seen = { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
        resolve(signal === undefined ? seen : { ...seen, signal });
      });
      channel.end(stdin);
    });
  });
}

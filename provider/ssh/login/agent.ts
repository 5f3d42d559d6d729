import { resolvePath } from "../../files/paths";
import { connect, type Socket } from "node:net";
import {
  BaseAgent,
  OpenSSHAgent,
  type GetStreamCallback,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import { onAbort } from "../../base/abort";
import { fingerprint } from "../host-keys/public-key";
import type { SshContext } from "../options";
import { sha1Refused } from "./private-key";

/** A key of an agent, which signs with it; we never see its private half. */
export interface AgentKey {
  readonly label: string;
  readonly blob: Buffer;
  /**
   * Returns an agent with only this key for ssh2 to sign with, so that each login attempt uses one key.
   * @param over fires when the handshake ends, and ends the wait for a signature
   */
  readonly signer: (sha1: boolean, over: AbortSignal) => BaseAgent;
}

/** OpenSSH's agent service on Windows listens here, and sets no variable. */
const windowsPipe = "\\\\.\\pipe\\openssh-ssh-agent";

/** The path of an agent: the one asked for, which may begin with `~`, or that of `SSH_AUTH_SOCK`; undefined if there is none. */
export function agentPath(asked: string | true, context: SshContext): string | undefined {
  // A Windows pipe is not a file system path.
  if (asked !== true) return asked.startsWith("\\\\.\\pipe\\") ? asked : resolvePath(context, asked);
  const variable = context.env["SSH_AUTH_SOCK"];
  if (variable !== undefined && variable !== "") return variable;
  return context.platform === "win32" ? windowsPipe : undefined;
}

/**
 * The keys of an agent, in its order.
 * @throws Error of the socket if nothing is listening, LogoffError with the signal's reason if the agent does not answer
 */
export function readAgentKeys(path: string, signal: AbortSignal): Promise<readonly AgentKey[]> {
  const agent = new SocketAgent(path);
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, (error) => {
      agent.hangUp();
      reject(error);
    });
    agent.getIdentities((error, keys) => {
      stopListening();
      if (error) reject(error);
      else resolve((keys ?? []).map((key) => agentKey(agent, key as ParsedKey)));
    });
  });
}

function agentKey(agent: SocketAgent, key: ParsedKey): AgentKey {
  const blob = key.getPublicSSH();
  const label = `${key.type} ${fingerprint(blob)}, agent`;
  return { label, blob, signer: (sha1, over) => new SingleKeyAgent(agent, key, sha1, over) };
}

/** ssh2's agent client over sockets that we can destroy: an agent may prompt a person and wait forever. */
class SocketAgent extends OpenSSHAgent {
  readonly #path: string;
  readonly #sockets = new Set<Socket>();

  constructor(path: string) {
    super(path);
    this.#path = path;
  }

  override getStream(callback: GetStreamCallback): void {
    const socket = connect(this.#path);
    this.#sockets.add(socket);
    let told = false;
    const tell = (error: Error | undefined): void => {
      if (told) return;
      told = true;
      if (error) callback(error);
      else callback(null, socket);
    };
    socket.on("connect", () => tell(undefined));
    socket.on("error", (error) => tell(error));
    socket.on("close", () => {
      this.#sockets.delete(socket);
      tell(new Error("The agent closed the connection"));
    });
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

class SingleKeyAgent extends BaseAgent<ParsedKey> {
  readonly #agent: SocketAgent;
  readonly #key: ParsedKey;
  readonly #sha1: boolean;
  readonly #over: AbortSignal;

  constructor(agent: SocketAgent, key: ParsedKey, sha1: boolean, over: AbortSignal) {
    super();
    this.#agent = agent;
    this.#key = key;
    this.#sha1 = sha1;
    this.#over = over;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [this.#key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const callback = typeof options === "function" ? options : done;
    const request = typeof options === "function" ? {} : options;
    if (key.type === "ssh-rsa" && request.hash !== "sha256" && request.hash !== "sha512" && !this.#sha1) {
      callback?.(new Error(sha1Refused));
      return;
    }
    if (this.#over.aborted) return;
    // A socket that waits for a person would keep the process alive long after the deadline.
    const stopListening = onAbort(this.#over, () => this.#agent.hangUp());
    this.#agent.sign(key, data, request, (error, signature) => {
      stopListening();
      // On a signature, ssh2 writes to the connection, and throws where nothing can catch it if the connection is gone by then.
      if (!this.#over.aborted) callback?.(error, signature);
    });
  }
}

import type { Socket } from "node:net";
import type { ServerChannel } from "ssh2";
import type { CommandRecord, GrowingRecord } from "../command-record";
import type { CommandTrouble, LineTrouble } from "../faults";
import { runCommand, type ExecReply } from "../windows/commands";
import type { Caller } from "../windows/program";
import type { SshHostContext } from "./ssh-options";

/** The standard input of a command, collected as it arrives. */
interface Input {
  readonly bytes: () => Buffer;
  readonly ended: () => boolean;
  /** Resolves at the end of the input; rejects if the channel closes first. */
  readonly whole: () => Promise<Buffer>;
}

/** Reads what the client sends, even if the program does not. */
function gatherInput(channel: ServerChannel, killed: AbortSignal): Input {
  const chunks: Buffer[] = [];
  let ended = false;
  const end = new Promise<void>((resolve, reject) => {
    channel.on("data", (chunk: Buffer) => void chunks.push(chunk));
    channel.on("end", () => {
      ended = true;
      resolve();
    });
    killed.addEventListener("abort", () => reject(new Error("the command was killed")));
  });
  // Most programs never read their input, so an unobserved rejection is not a failure.
  end.catch(() => undefined);
  return {
    bytes: () => Buffer.concat(chunks),
    ended: () => ended,
    whole: () => end.then(() => Buffer.concat(chunks)),
  };
}

/** The answer that the client sees. */
function troubledReply(reply: ExecReply, trouble: CommandTrouble | undefined): ExecReply {
  if (typeof trouble !== "object") return reply;
  return {
    code: trouble.code ?? reply.code,
    stdout: trouble.stdout === undefined ? reply.stdout : Buffer.from(trouble.stdout),
    stderr: trouble.stderr === undefined ? reply.stderr : Buffer.from(trouble.stderr),
  };
}

/** Writes the answer and closes the channel, with an exit code, a signal, or neither. */
function answer(channel: ServerChannel, reply: ExecReply, trouble: CommandTrouble | undefined): void {
  if (reply.stderr.length > 0) channel.stderr.write(reply.stderr);
  const finish = (): void => {
    if (typeof trouble === "object" && trouble.signal !== undefined) channel.exit(trouble.signal, false, "");
    else if (trouble !== "no-exit-status") channel.exit(reply.code);
    channel.end();
  };
  // The exit status must follow the last byte, even if a slow reader's window is full.
  if (reply.stdout.length > 0) channel.write(reply.stdout, finish);
  else finish();
}

/** A command and its connection. */
export interface Call {
  readonly command: string;
  readonly trouble: LineTrouble;
  readonly socket: Socket;
  readonly connection: number;
  readonly caller: Caller;
}

/**
 * Runs a command, answers it and updates its record. Never rejects: resolves when the command has ended, was killed by
 * the client or by `closing`, or was cut off by a fault.
 */
export async function runOnChannel(
  channel: ServerChannel,
  call: Call,
  context: SshHostContext,
  closing: AbortSignal,
  keep: (record: CommandRecord) => void,
): Promise<void> {
  const { command, socket, connection, caller } = call;
  const { whole: trouble, parts } = call.trouble;
  const { machine, options } = context;
  const kill = new AbortController();
  const killed = AbortSignal.any([kill.signal, closing]);
  const end = (): void => kill.abort();
  channel.on("close", end);
  channel.on("error", () => undefined);
  socket.once("close", end);
  const answered = new Promise<void>((resolve) => channel.once("close", () => resolve()));
  const input = gatherInput(channel, killed);
  const record: GrowingRecord = {
    seq: context.nextSeq(),
    host: machine.model.name,
    connection,
    caller,
    command,
    atMs: context.nowMs(),
    get stdin() {
      return input.bytes();
    },
    get stdinEnded() {
      return input.ended();
    },
    outcome: "running",
  };
  keep(record);
  try {
    await obey();
  } catch (error) {
    if (!killed.aborted) context.unexpected(`${command} broke the lab: ${String(error)}`);
    record.outcome = "killed";
  } finally {
    socket.off("close", end);
    record.endMs = context.nowMs();
  }

  async function wait(ms: number | "for-ever"): Promise<void> {
    killed.throwIfAborted();
    if (ms === "for-ever") await new Promise((_, reject) => killed.addEventListener("abort", reject));
    else if (ms > 0) await machine.model.clock.sleep(ms, killed);
  }

  function drop(): void {
    record.outcome = "dropped";
    socket.resetAndDestroy();
  }

  async function obey(): Promise<void> {
    await wait(options.commandDelayMs ?? 0);
    if (trouble === "drop-before") {
      drop();
      return;
    }
    if (trouble === "hang") await wait("for-ever");
    if (options.waitsForStdin === true) await input.whole();
    const reply = await work();
    if (trouble === "drop-after") {
      drop();
      return;
    }
    if (trouble === "hang-after") await wait("for-ever");
    if (typeof trouble === "object") await wait(trouble.delayMs ?? 0);
    killed.throwIfAborted();
    const seen = troubledReply(reply, trouble);
    record.outcome = "exited";
    record.code = options.alwaysExitsZero === true ? 0 : seen.code;
    answer(channel, { ...seen, code: record.code }, trouble);
  }

  function work(): Promise<ExecReply> {
    const nothing = { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    if (typeof trouble === "object" && trouble.instead === true) return Promise.resolve(nothing);
    if (options.executor !== undefined) return options.executor(command, input.whole, killed);
    const programs = {
      here: machine,
      caller,
      stdin: input.whole,
      wait,
      answered,
      peer: context.peer,
      unexpected: (what: string) => context.unexpected(`${what}, in the command ${JSON.stringify(command)}`),
    };
    return runCommand(command, context.shell, programs, parts);
  }
}

import { decode } from "../languages/code-pages";
import type { Answer } from "./logoff-script";
import { readArguments, type Program, type ProgramContext, type Reply } from "./program";
import { targetOf, type Target } from "./relay";
import { codePageOf, lineEnd, renderError } from "./render";
import { win32, type LabSession, type Win32Error } from "./session-model";
import { firstListenerId } from "./windows-model";

/** `logoff ID [/server:X] [/v]`. Names are resolved too, because people type them. */
export const logoff: Program = (context) => act(context, "logoff", ["server", "v", "vm"]);

/** `rwinsta ID [/server:X] [/v]` (`reset session`). */
export const rwinsta: Program = (context) => act(context, "reset", ["server", "v"]);

/** `reset session …` */
export const reset: Program = (context) => {
  const [kind = "", ...args] = context.args;
  if (kind.toLowerCase() === "session") return rwinsta({ ...context, args });
  context.unexpected(`reset ${kind}`);
  return failure(context, win32.invalidParameter);
};

async function act(
  context: ProgramContext,
  verb: "logoff" | "reset",
  known: readonly string[],
): Promise<Reply> {
  const { operands, switches } = readArguments(context.args);
  const operand = operands[0];
  if (operands.length > 1 || Object.keys(switches).some((name) => !known.includes(name))) {
    return failure(context, win32.invalidParameter);
  }
  if (operand === undefined) {
    context.unexpected(`${verb} without an operand: it would mean session 0, the connection's own`);
    return failure(context, win32.accessDenied);
  }
  const target = targetOf(context, switches["server"]);
  if ("error" in target) return failure(context, target.error);
  const id = resolve(target, operand);
  if (id === undefined) return refusal(context, verb, operand, win32.sessionNotFound);
  if (id === 0 || id >= firstListenerId) {
    context.unexpected(`${verb} of ${id === 0 ? "session 0" : `the listener ${id}`}`);
  }
  if (target.rights !== "full-control") return refusal(context, verb, operand, win32.accessDenied);
  const answer: Answer = verb === "logoff" ? target.machine.model.logOff(id) : target.machine.model.reset(id);
  if (answer.error !== 0) return refusal(context, verb, operand, answer.error);
  await context.wait(answer.waitMs);
  const verbose = verb === "logoff" ? `Logging off session ID ${id}` : `Session ID ${id} has been reset`;
  return { code: 0, stdout: "v" in switches ? verbose + lineEnd : "" };
}

/** Digits are an ID here. How Windows treats a name of digits is undocumented. */
function resolve(target: Exclude<Target, { error: unknown }>, operand: string): number | undefined {
  const rows: readonly LabSession[] = target.machine.model.sessions();
  if (/^\d+$/.test(operand)) return rows.find((row) => row.id === Number(operand))?.id;
  return rows.find((row) => row.name?.toLowerCase() === operand.toLowerCase())?.id;
}

function refusal(context: ProgramContext, verb: string, operand: string, error: Win32Error): Reply {
  const first = `Could not ${verb} session ID ${operand}, Error code ${error}${lineEnd}`;
  return { code: 1, stderr: first + renderError(error, context.here.look, operand) };
}

function failure(context: ProgramContext, error: Win32Error): Reply {
  return { code: 1, stderr: renderError(error, context.here.look) };
}

/** The maximum length of a message, in characters. */
const longestMessage = 255;

/** `msg ID | name | user | * [/time:N] [/server:X] [/v] [/w] [text]`. Without a text, it reads standard input. */
export const msg: Program = async (context) => {
  const { look } = context.here;
  const { switches } = readArguments(context.args);
  const words = context.args.filter((arg) => !arg.startsWith("/"));
  const [to, ...text] = words;
  const unknown = Object.keys(switches).filter((name) => !["server", "time", "v", "w"].includes(name));
  const seconds = switches["time"] === undefined ? undefined : Number(switches["time"]);
  if (to === undefined || unknown.length > 0 || (seconds !== undefined && !(seconds >= 0))) {
    return failure(context, win32.invalidParameter);
  }
  if ("w" in switches) context.unexpected("msg /w, which blocks for each user");
  const page = codePageOf(look);
  const message =
    text.length > 0 ? text.join(" ") : decode(await context.stdin(), page).replace(/\r?\n$/, "");
  if (message.length > longestMessage) return failure(context, win32.invalidParameter);
  const target = targetOf(context, switches["server"]);
  if ("error" in target) return failure(context, target.error);
  if (target.rights !== "full-control") return failure(context, win32.accessDenied);
  const { model, messagesReachDisconnected } = target.machine;
  if (to === "*" && model.session(1) === undefined) return failure(context, win32.sessionNotFound);
  const word = to.toLowerCase();
  const receivers = model.sessions().filter((row) => {
    const named =
      String(row.id) === word || row.name?.toLowerCase() === word || row.user?.toLowerCase() === word;
    return (
      (named || to === "*") && row.user !== null && (row.name !== null || messagesReachDisconnected === true)
    );
  });
  if (receivers.length === 0) return { code: 1, stderr: `${to} does not exist or is disconnected${lineEnd}` };
  const lines = receivers.map((row) => {
    model.message(row.id, message, seconds);
    return `Sending message to session ${row.name ?? row.id}, display time ${seconds ?? 60}${lineEnd}`;
  });
  return { code: 0, stdout: "v" in switches ? lines.join("") : "" };
};

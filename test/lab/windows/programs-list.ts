import { fill } from "../languages/language";
import { readArguments, type Program, type ProgramContext, type Reply, type Rights } from "./program";
import { targetOf } from "./relay";
import {
  languageOf,
  lineEnd,
  renderError,
  renderQprocess,
  renderQuser,
  renderQwinsta,
  type Look,
} from "./render";
import { win32, type LabSession } from "./session-model";

/** `qwinsta [name | user | id] [/server:X]`: exit code 0 on success. */
export const qwinsta: Program = (context) => list(context, "session", context.args);

/** `quser [name | user | id] [/server:X]`: exit code 0 on success. */
export const quser: Program = (context) => list(context, "user", context.args);

/** `qprocess /id:N [/server:X]`: the processes of one session. All other forms are unscripted. */
export const qprocess: Program = (context) => {
  const { look } = context.here;
  const { operands, switches } = readArguments(context.args);
  const { server, id = "", ...others } = switches;
  if (operands.length > 0 || !/^\d+$/.test(id) || Object.keys(others).length > 0) {
    context.unexpected(`qprocess ${context.args.join(" ")}`);
    return { code: 1, stderr: renderError(win32.invalidParameter, look) };
  }
  const target = targetOf(context, server);
  if ("error" in target) return { code: 1, stderr: renderError(target.error, look) };
  const row = target.machine.model.session(Number(id));
  if (row === undefined || row.processes.length === 0 || !isVisible(row, target.rights, context.caller.user))
    return { code: 1, stderr: `No Process exists for ${id}${lineEnd}` };
  return { code: 0, stdout: renderQprocess(row, look) };
};

/** `query session | user | process`: the same tables, and exit code 1 on success. */
export const query: Program = (context) => {
  const [kind = "", ...args] = context.args;
  const what = kind.toLowerCase();
  if (what === "process") return queryProcess({ ...context, args });
  if (what !== "session" && what !== "user") {
    context.unexpected(`query ${kind}`);
    return { code: 1, stderr: renderError(win32.invalidParameter, context.here.look) };
  }
  const reply = list(context, what, args);
  return { ...reply, code: 1 };
};

async function queryProcess(context: ProgramContext): Promise<Reply> {
  return { ...(await qprocess(context)), code: 1 };
}

function list(context: ProgramContext, what: "session" | "user", args: readonly string[]): Reply {
  const { look } = context.here;
  const { operands, switches } = readArguments(args);
  const { server, ...others } = switches;
  if (operands.length > 1 || Object.keys(others).length > 0) {
    if (Object.keys(others).length > 0)
      context.unexpected(`a switch of the listing: ${Object.keys(others).join()}`);
    return { code: 1, stderr: renderError(win32.invalidParameter, look) };
  }
  const target = targetOf(context, server);
  if ("error" in target) return enumerationFailed(target.error, look);
  if (target.rights === "none" && what === "session") return enumerationFailed(win32.accessDenied, look);
  const all = target.machine.model.sessions();
  const wanted = operands[0];
  const visible = all.filter(
    (row) => isVisible(row, target.rights, context.caller.user) && (what === "session" || row.user !== null),
  );
  const rows = wanted === undefined ? visible : visible.filter((row) => matches(row, wanted));
  if (rows.length === 0) {
    const { noSession, noUser } = languageOf(look);
    return { code: 1, stderr: fill(what === "session" ? noSession : noUser, wanted ?? "*") + lineEnd };
  }
  // The local tool prints the table in its own language, but the other machine decides how session 0 is shown.
  const shape: Look = { ...look, servicesRow: target.machine.look.servicesRow };
  return {
    code: 0,
    stdout: what === "session" ? renderQwinsta(rows, shape, !target.remote) : renderQuser(rows, shape),
  };
}

/** A login without administrator rights sees its own sessions and the console, but never session 0. */
function isVisible(row: LabSession, rights: Rights, caller: string): boolean {
  if (rights === "own-sessions") return row.user === caller || row.name === "console";
  return !rights.startsWith("none");
}

function matches(row: LabSession, wanted: string): boolean {
  const word = wanted.toLowerCase();
  return String(row.id) === word || row.name?.toLowerCase() === word || row.user?.toLowerCase() === word;
}

function enumerationFailed(error: number, look: Look): Reply {
  const hex = error.toString(16).toUpperCase().padStart(8, "0");
  // The first line is in English in every edition.
  const stderr = `Error 0x${hex} enumerating sessionnames${lineEnd}${renderError(error, look)}`;
  return { code: 1, stderr };
}

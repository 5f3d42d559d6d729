import { createInterface } from "node:readline";
import { finished } from "node:stream";
import { onAbort } from "../base/abort";
import { counted } from "../base/text";
import { isPattern } from "../base/wildcard";
import type { Plan } from "../plan/plan";
import type { Report } from "../report/report";
import { openHosts, whoWouldGo, wouldGo } from "../report/text";
import type { RunRequest } from "./arguments/run-request";
import { hasTerminal, paintFor, type World } from "./world";

/** The number of sessions that are shown above the question. */
const shownLines = 40;

/** Whether somebody must agree before anything is changed, or the usage error if nobody can be asked. */
export type Consent = { readonly ask: boolean; readonly problem?: never } | { readonly problem: string };

/**
 * Without a terminal nobody can be asked: a pipeline means what it writes, except a bare command, whose arguments may have been lost. With a
 * terminal somebody is there, who must be asked even if a file or a pipe is in the place of the question or the answer.
 */
export function consentFor(request: RunRequest, plan: Plan, world: World): Consent {
  const { task, output, hostsFile, operand, input } = request;
  if (task !== "log-off" || output.yes || isOneNamedSession(plan)) return { ask: false };
  if (!hasTerminal(world)) {
    const isBare = operand === undefined && input.sessions === "current";
    if (!isBare) return { ask: false };
    return { problem: "Without a terminal --yes is needed to log off the current session" };
  }
  if (hostsFile === "-") return cannotAsk("standard input holds the hosts");
  if (world.stdin.isTTY !== true) return cannotAsk("standard input is no terminal");
  return world.stderr.isTTY === true ? { ask: true } : cannotAsk("standard error is no terminal");
}

function cannotAsk(why: string): Consent {
  return { problem: `Cannot ask who may be logged off, because ${why}: add --yes` };
}

/** Whether the plan is a single named session, which needs no question. */
function isOneNamedSession({ hosts }: Plan): boolean {
  const [only] = hosts;
  if (only === undefined || hosts.length > 1) return false;
  const { operands = [], ids = [], names = [], users, states, idleForMs, all, current } = only.selector;
  if (users ?? states ?? idleForMs) return false;
  return !all && !current && operands.length + ids.length + names.length === 1 && !names.some(isPattern);
}

/** Shows who would be logged off, on standard error. */
export function showWho(found: Report, world: World): void {
  const { stderr } = world;
  const columns = stderr.columns ?? 80;
  const style = { columns, paint: paintFor(world, stderr) };
  const lines = whoWouldGo(found, style).split("\n").slice(0, -1);
  const more = lines.length - shownLines - 1;
  stderr.write(`${lines.slice(0, shownLines + 1).join("\n")}\n`);
  if (more > 0) stderr.write(`… and ${more} more: --dry-run shows them all\n`);
  stderr.write(openHosts(found, style));
}

/** The question, with the numbers of hosts and sessions. It says that a command will run, and not which: that may hold a token. */
export function questionFor(found: Report, plan: Plan, { then }: Pick<RunRequest, "then"> = {}): string {
  const concerned = found.hosts.filter(({ sessions }) =>
    sessions.some(({ outcome }) => outcome === "would-log-off"),
  ).length;
  const drain = plan.drain === "none" ? "" : `Drain ${counted(found.totals.hosts, "host")} and `;
  const who = `${counted(wouldGo(found), "session")} on ${counted(concerned, "host")}`;
  const what = plan.atDeadline === "fail" ? `warn ${who}, and log nobody off` : `log off ${who}`;
  const sentence = `${drain}${what}`;
  const after = then === undefined ? "" : ", and run the command of --then after each wave";
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${after}? [y/N] `;
}

/**
 * Asks on standard error and waits for a line. Only `y` and `yes` mean yes; the end or an error of the input means no.
 * @returns false if `signal` fires
 */
export function ask(
  question: string,
  { stdin, stderr }: Pick<World, "stdin" | "stderr">,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    // Not as a terminal, so that Ctrl-C stays a signal and is handled like any other.
    const lines = createInterface({ input: stdin, terminal: false });
    const answer = (yes: boolean): void => {
      stopListening();
      forget();
      resolve(yes);
      lines.close();
      stdin.pause();
    };
    const no = (): void => answer(false);
    const stopListening = onAbort(signal, no);
    lines.once("line", (line) => answer(/^\s*y(?:es)?\s*$/iu.test(line)));
    lines.once("error", no);
    // Not `close` of the lines, which does not fire for an input that ended before or was destroyed.
    const forget = finished(stdin, { writable: false }, no);
    stderr.write(question);
  });
}

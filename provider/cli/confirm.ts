import { createInterface } from "node:readline";
import type { Plan } from "../plan";
import type { Report } from "../report/report";
import { counted, openHosts, whoWouldGo, wouldGo } from "../report/text";
import { isPattern } from "../session/selector";
import { paintFor, type World } from "./world";

/** Up to so many lines of sessions are shown above the question. */
const shownLines = 40;

/** Whether the plan is one session that was named, so that there is nothing to ask about. */
export function isOneNamedSession({ hosts }: Plan): boolean {
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

/** The question, with the numbers that matter. */
export function questionFor(found: Report, plan: Plan): string {
  const concerned = found.hosts.filter(({ sessions }) =>
    sessions.some(({ outcome }) => outcome === "would-log-off"),
  ).length;
  const drain = plan.drain === "none" ? "" : `Drain ${counted(found.totals.hosts, "host")} and log off `;
  return `${drain === "" ? "Log off " : drain}${counted(wouldGo(found), "session")} on ${counted(concerned, "host")}? [y/N] `;
}

/**
 * Asks on standard error and waits for a line. Only `y` and `yes` are a yes; the end of input is a no.
 * @returns false too when `signal` aborts
 */
export function ask(question: string, { stdin, stderr }: World, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    // Not as a terminal: then Ctrl-C stays a signal and reaches the same place as everywhere else.
    const lines = createInterface({ input: stdin, terminal: false });
    const answer = (yes: boolean): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(yes);
      lines.close();
      stdin.pause();
    };
    const onAbort = (): void => answer(false);
    if (signal.aborted) {
      answer(false);
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    lines.once("line", (line) => answer(/^\s*y(?:es)?\s*$/iu.test(line)));
    lines.once("close", () => answer(false));
    stderr.write(question);
  });
}

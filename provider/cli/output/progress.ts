import { formatDuration } from "../../base/duration";
import { counted, printable } from "../../base/text";
import { eventText } from "../../report/event-text";
import type { OnProgress, ProgressEvent } from "../../report/events";
import { countSessions, type HostReport } from "../../report/report";
import { errorTally } from "../../report/shared-errors";
import { inOptionWords } from "../arguments/problem-names";
import { paintFor, type World } from "../world";

/** Up to so many hosts every step has its line. */
const fewHosts = 10;
/** Above that, without a terminal: a line of counts at most so often. */
const countEveryMs = 5000;
/** The same people are waited for in silence for so long. */
const waitingEveryMs = 30_000;
const drawEveryMs = 200;
const barWidth = 20;

/** What is seen of a run on standard error while it goes. */
export interface ProgressView {
  readonly onProgress: OnProgress;
  /** Prints a line of its own, whatever stands on the screen. */
  readonly say: (line: string) => void;
  /** Takes the bar off the screen. Nothing is drawn afterwards. */
  readonly end: () => void;
}

interface ViewOptions {
  readonly hosts: number;
  readonly quiet: boolean;
  /** A line for each step, however many hosts there are. */
  readonly verbose: boolean;
  /** Nothing is changed, so that steps are of no interest. */
  readonly looking: boolean;
  /** Failures with their message, each error once; otherwise the result that follows has the message. */
  readonly withMessages: boolean;
}

/** An error in full, or the host that it was printed for before. */
function messageOf({ error }: HostReport, first: string | undefined): string {
  if (error === undefined) return "";
  return first === undefined ? `: ${error.message}` : `, as on ${first}`;
}

/** Lines with the host in front; on a terminal a bar below them; for many hosts failures and counts only. */
export function progressView(world: World, options: ViewOptions): ProgressView {
  const { stderr, clock } = world;
  const { hosts, quiet, verbose } = options;
  const paint = paintFor(world, stderr);
  const counts = { done: 0, notDone: 0, loggedOff: 0 };
  /** A host may end before it is connected, and a host whose turn never came ends without starting. */
  const atWork = new Set<string>();
  const hasBar = !quiet && stderr.isTTY === true && world.env["TERM"] !== "dumb" && hosts > 1;
  const isFew = hosts <= fewHosts;
  const everyStep = verbose || (isFew && !options.looking);
  const errors = errorTally();
  const waiting = new Map<string, { readonly line: string; readonly saidAtMs: number }>();
  let countedAtMs = clock.now();
  let drawn = false;
  /** Nothing is drawn before the run has begun: a question may stand on the screen. */
  let startedAtMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const erase = (): void => {
    if (drawn) stderr.write("\r\u001b[K");
    drawn = false;
  };
  const draw = (): void => {
    if (!hasBar || startedAtMs === undefined) return;
    stderr.write(`\r\u001b[K${barText().slice(0, Math.max(20, (stderr.columns ?? 80) - 1))}`);
    drawn = true;
  };
  const say = (line: string): void => {
    erase();
    stderr.write(`${line}\n`);
    draw();
  };
  const summary = (): string =>
    `${counts.done + counts.notDone} of ${counted(hosts, "host")} finished${counts.notDone === 0 ? "" : `, ${counts.notDone} not done`}${options.looking ? "" : `, ${counted(counts.loggedOff, "session")} logged off`}`;
  const barText = (): string => {
    const filled = Math.floor((barWidth * (counts.done + counts.notDone)) / Math.max(1, hosts));
    const bar = "#".repeat(filled) + "-".repeat(barWidth - filled);
    return `[${bar}] ${summary()}, ${atWork.size} at work, ${formatDuration(1000 * Math.floor((clock.now() - (startedAtMs ?? 0)) / 1000))}`;
  };
  const begin = (): void => {
    startedAtMs = clock.now();
    if (!hasBar) return;
    timer = setInterval(draw, drawEveryMs);
    timer.unref();
  };

  const count = (event: ProgressEvent): void => {
    if (event.type === "run-started") begin();
    if (event.type === "host-started") atWork.add(event.host);
    if (event.type !== "host-finished") return;
    atWork.delete(event.host);
    counts[event.report.status === "ok" ? "done" : "notDone"] += 1;
    counts.loggedOff += countSessions(event.report).loggedOff;
  };
  const lineOf = (event: ProgressEvent): string | undefined => {
    if (!("host" in event)) return undefined;
    const failed = event.type === "host-finished" && event.report.status !== "ok";
    const first = failed ? errors.add(event.report) : undefined;
    // The first of many hosts with the same error stands for all.
    if (!everyStep && (!failed || first !== undefined)) return undefined;
    const text = eventText(event);
    if (text === undefined) return undefined;
    const message = failed && options.withMessages ? messageOf(event.report, first) : "";
    const line = printable(inOptionWords(`${text}${message}`), 600);
    if (event.type === "host-waiting" && !isNews(event.host, line)) return undefined;
    return `${printable(event.host)}  ${failed ? paint(line, "bad") : line}`;
  };
  const sharedLines = (): readonly string[] =>
    errors
      .all()
      .flatMap(({ status, code, hosts: [first = "", ...others] }) =>
        others.length === 0
          ? []
          : [`${counted(others.length, "more host")}  ${status ?? ""}: ${code}, as on ${printable(first)}`],
      );
  const isNews = (host: string, line: string): boolean => {
    const last = waiting.get(host);
    if (last?.line === line && clock.now() - last.saidAtMs < waitingEveryMs) return false;
    waiting.set(host, { line, saidAtMs: clock.now() });
    return true;
  };

  return {
    say,
    onProgress: (event) => {
      count(event);
      if (quiet) return;
      const line = lineOf(event);
      if (line !== undefined) say(line);
      if (everyStep) return;
      if (event.type === "run-finished" && options.withMessages)
        for (const shared of sharedLines()) say(paint(shared, "bad"));
      if (isFew || hasBar) return;
      if (event.type === "run-finished" || clock.now() - countedAtMs >= countEveryMs) {
        countedAtMs = clock.now();
        say(summary());
      }
    },
    end: () => {
      startedAtMs = undefined;
      clearInterval(timer);
      erase();
    },
  };
}

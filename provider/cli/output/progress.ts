import { formatDuration } from "../../base/duration";
import { counted, printable } from "../../base/text";
import { eventText } from "../../report/event-text";
import type { OnProgress, ProgressEvent } from "../../report/events";
import { countSessions, type ReportedError } from "../../report/report";
import { errorTally, type HostError } from "../../report/shared-errors";
import { inOptionWords } from "../arguments/problem-names";
import { paintFor, type World } from "../world";
import { awaitedHosts } from "./awaited-hosts";

/** Runs of up to 10 hosts print every step. */
const fewHosts = 10;
/** How often larger runs print a line of counts, without a terminal. */
const countEveryMs = 5000;
/** How long an unchanged wait is not printed again. */
const waitingEveryMs = 30_000;
const drawEveryMs = 200;
const barWidth = 20;

/** The progress of a run on standard error. */
export interface ProgressView {
  readonly onProgress: OnProgress;
  /** Prints a line, above the bar if there is one. */
  readonly say: (line: string) => void;
  /** Removes the bar. Nothing is drawn afterwards. */
  readonly end: () => void;
}

interface ViewOptions {
  readonly hosts: number;
  readonly quiet: boolean;
  /** Prints every step, however many hosts there are. */
  readonly verbose: boolean;
  /** The run is read-only, so steps are not printed. */
  readonly looking: boolean;
  /** Prints the message of each error once; otherwise the result that follows contains it. */
  readonly withMessages: boolean;
}

/** The message of an error, or the host for which it was printed before. */
function messageOf(error: ReportedError | undefined, first: string | undefined): string {
  if (error === undefined) return "";
  return first === undefined ? `: ${error.message}` : `, as on ${first}`;
}

/** Prints lines that begin with the host, and on a terminal a bar below them; of many hosts only failures and counts. */
export function progressView(world: World, options: ViewOptions): ProgressView {
  const { stderr, clock } = world;
  const { hosts, quiet, verbose } = options;
  const paint = paintFor(world, stderr);
  const counts = { notDone: 0, loggedOff: 0 };
  /** Hosts that have started and not finished. A host whose turn never came finishes without starting. */
  const atWork = new Set<string>();
  /** Hosts that were done, until they are given up after a restart. */
  const done = new Set<string>();
  const awaited = awaitedHosts();
  const hasBar = !quiet && stderr.isTTY === true && world.env["TERM"] !== "dumb" && hosts > 1;
  const isFew = hosts <= fewHosts;
  const everyStep = verbose || (isFew && !options.looking);
  const errors = errorTally();
  const waiting = new Map<string, { readonly line: string; readonly saidAtMs: number }>();
  let countedAtMs = clock.now();
  let drawn = false;
  /** Nothing is drawn before the run starts, because a question may be on the screen. */
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
    `${done.size} of ${counted(hosts, "host")} done${counts.notDone === 0 ? "" : `, ${counts.notDone} not done`}${options.looking ? "" : `, ${counted(counts.loggedOff, "session")} logged off`}${awaited.text()}`;
  const barText = (): string => {
    const filled = Math.floor((barWidth * (done.size + counts.notDone)) / Math.max(1, hosts));
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
    if (event.type === "host-back" && event.error !== undefined && done.delete(event.host))
      counts.notDone += 1;
    if (event.type === "host-finished") {
      atWork.delete(event.host);
      if (event.report.status === "ok") done.add(event.host);
      else counts.notDone += 1;
      counts.loggedOff += countSessions(event.report).loggedOff;
    }
  };
  /** A host that has not finished yet, as with --undrain, is told as failed when it does. */
  const failureIn = (event: ProgressEvent, wasDone: boolean): HostError | undefined => {
    if (event.type === "host-finished" && event.report.status !== "ok") return event.report;
    if (event.type !== "host-back" || event.error === undefined || !wasDone) return undefined;
    return { host: event.host, status: "failed", error: event.error };
  };
  const lineOf = (event: ProgressEvent, wasDone: boolean): string | undefined => {
    if (event.type === "wave-command") return eventText(event);
    if (!("host" in event)) return undefined;
    const failure = failureIn(event, wasDone);
    const failed = failure !== undefined;
    const first = failed ? errors.add(failure) : undefined;
    // The first of many hosts with the same error stands for all.
    if (!everyStep && (!failed || first !== undefined)) return undefined;
    const text = eventText(event);
    if (text === undefined) return undefined;
    const message = failed && options.withMessages ? messageOf(failure.error, first) : "";
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
      const wasDone = "host" in event && done.has(event.host);
      count(event);
      const allBack = awaited.note(event);
      if (quiet) return;
      const line = lineOf(event, wasDone);
      if (line !== undefined) say(line);
      if (everyStep) return;
      if (allBack !== undefined) say(allBack);
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

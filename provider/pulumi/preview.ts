/** What a preview shows of a run. Loaded by the class when it is asked for, and by nobody else. */
import { Slots, systemClock, Turns, type Clock } from "../async";
import type { Connect } from "../connection";
import { asLogoffError, printable } from "../errors";
import { readPlan } from "../plan";
import type { ConnectionDefaults } from "../plan/input";
import { inertText } from "../report/pipeline-commands";
import type { HostReport, Report } from "../report/report";
import { counted, isOnlyWarned } from "../report/text";
import { runRollout } from "../rollout";
import { describeSession } from "../session/session";
import { sshConnect } from "../ssh/connect";
import { errorLines } from "./partial";

/** What a look at hosts needs of the world. */
export interface LookFront {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly slots: Slots;
  readonly turns: Turns;
}

/** Connections that all previews of one process share. */
const connectionLimit = 64;
/** Hosts with a line of their own; the others are counted. */
const namedHosts = 50;
const namedSessions = 20;

let programFront: LookFront | undefined;

/** The front of the program's process; relative paths start at its working directory, which is the program's folder. */
export function frontOfProgram(): LookFront {
  programFront ??= {
    connect: sshConnect({ baseFolder: process.cwd() }),
    clock: systemClock,
    slots: new Slots(connectionLimit),
    turns: new Turns(),
  };
  return programFront;
}

/**
 * Lists the hosts of these inputs, reading only, and says who would be logged off, line by line. A host that cannot be
 * looked at has a line that says why. Never rejects.
 */
export async function previewText(
  inputs: unknown,
  defaults: ConnectionDefaults,
  front: LookFront,
): Promise<string> {
  try {
    const { plan, problems } = readPlan(inputs, { defaults });
    // check says what is wrong, all of it, and says it better.
    if (plan === undefined) return `sessions are not shown: ${problems[0]?.path ?? "inputs"} cannot be used`;
    const deps = { ...front, look: "dry-run", onProgress: () => undefined } as const;
    const report = await runRollout(plan, deps, new AbortController().signal);
    return inertText(linesOf(report).join("\n"));
  } catch (thrown) {
    return inertText(asLogoffError(thrown, "command-failed", "sessions are not shown").message);
  }
}

function linesOf(report: Report): readonly string[] {
  const { hosts, warnings } = report;
  const going = hosts.filter((host) => goingOn(host).length > 0);
  const failed = hosts.filter(({ status }) => status !== "ok");
  const sessions = going.reduce((sum, host) => sum + goingOn(host).length, 0);
  const who = counted(sessions, "session");
  const what = isOnlyWarned(report) ? `would warn ${who}, and log nobody off,` : `would log off ${who}`;
  const notLooked = failed.length === 0 ? "" : `, ${failed.length} could not be looked at`;
  return [
    `${what} on ${going.length} of ${counted(hosts.length, "host")}${notLooked}; hosts that are finished are not run again`,
    ...going.slice(0, namedHosts).map(hostLine),
    ...(going.length > namedHosts ? [`… and ${going.length - namedHosts} more hosts`] : []),
    ...errorLines(failed),
    ...warnings.map((warning) => `warning: ${printable(warning, 400)}`),
  ];
}

function goingOn({ sessions }: HostReport): HostReport["sessions"] {
  return sessions.filter(({ outcome }) => outcome === "would-log-off");
}

function hostLine(host: HostReport): string {
  const kept = host.sessions.flatMap((one) =>
    one.outcome === "kept" && one.session.user !== undefined
      ? [`${describeSession(one.session)} is ${one.reason}`]
      : [],
  );
  const going = some(goingOn(host).map(({ session }) => describeSession(session)));
  return `${host.host}: ${going}${kept.length === 0 ? "" : `; kept: ${some(kept)}`}`;
}

function some(words: readonly string[]): string {
  const more = words.length - namedSessions;
  return [...words.slice(0, namedSessions), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** What a preview shows of a run. Loaded by the class when it is asked for, and by nobody else. */
import { asLogoffError } from "../../base/errors";
import { counted, printable, upTo } from "../../base/text";
import type { ConnectionDefaults } from "../../plan/connection-defaults";
import { readPlan } from "../../plan/read-plan";
import { describeReason } from "../../report/labels";
import { inertText } from "../../report/pipeline-commands";
import type { HostReport, Report } from "../../report/report";
import { isOnlyWarned } from "../../report/text";
import { runRollout, type RolloutDeps } from "../../run/rollout";
import { describeSession } from "../../session/session";
import type { ReadOnlyFront } from "../process/program-front";
import { errorLines } from "../common/partial-failure";

/** Hosts with a line of their own; the others are counted. */
const namedHosts = 50;
const namedSessions = 20;

/** Which hosts to list, and what ends it. */
export interface PreviewOptions {
  /** The hosts that would run. Absent: not known, so all hosts are listed. */
  readonly hosts?: ReadonlySet<string>;
  /** Ends the listing. */
  readonly signal?: AbortSignal;
}

/**
 * Lists the hosts of these inputs, reading only, and says who would be logged off, line by line. A host that cannot be
 * listed has a line that says why. Never rejects.
 */
export async function previewText(
  inputs: unknown,
  defaults: ConnectionDefaults,
  front: ReadOnlyFront,
  { hosts, signal = new AbortController().signal }: PreviewOptions = {},
): Promise<string> {
  try {
    const { plan, problems } = readPlan(inputs, { defaults });
    // check says what is wrong, all of it, and says it better.
    if (plan === undefined) return `sessions are not shown: ${problems[0]?.path ?? "inputs"} cannot be used`;
    const { connect, clock, slots, turns } = front;
    const deps = {
      connect,
      clock,
      slots,
      turns,
      ...(hosts === undefined ? {} : { hosts }),
      readOnly: "dry-run",
      onProgress: () => undefined,
    } as const satisfies RolloutDeps;
    const report = await runRollout(plan, deps, signal);
    return inertText(linesOf(report, hosts !== undefined).join("\n"));
  } catch (thrown) {
    return inertText(asLogoffError(thrown, "command-failed", "sessions are not shown").message);
  }
}

function linesOf(report: Report, isExact: boolean): readonly string[] {
  const { hosts, warnings } = report;
  const going = hosts.filter((host) => goingOn(host).length > 0);
  const failed = hosts.filter(({ status }) => status !== "ok");
  const sessions = going.reduce((sum, host) => sum + goingOn(host).length, 0);
  const who = counted(sessions, "session");
  const what = isOnlyWarned(report) ? `would warn ${who}, and log nobody off,` : `would log off ${who}`;
  const notListed = failed.length === 0 ? "" : `, ${failed.length} could not be listed`;
  return [
    `${what} on ${going.length} of ${counted(hosts.length, "host")}${notListed}${isExact ? "" : "; hosts that are done are not run again"}`,
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
      ? [`${describeSession(one.session)}: ${describeReason(one.reason)}`]
      : [],
  );
  const going = upTo(
    namedSessions,
    goingOn(host).map(({ session }) => describeSession(session)),
  );
  return `${host.host}: ${going}${kept.length === 0 ? "" : `; kept: ${upTo(namedSessions, kept)}`}`;
}

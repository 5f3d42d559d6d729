import type { PlanProblem } from "../base/errors";
import { isRecord } from "../base/records";
import { problem, type Path } from "./problem";
import type { PlanFields } from "./schema/plan-fields";
import { pathsOfExceptedIds, pathsOfIds } from "./schema/sessions";
import { isUnknown } from "./unknown";

/**
 * Adds a problem for every invalid combination of fields. Most checks use the input as given, without null and undefined fields, so
 * that an invalid value elsewhere does not hide them.
 */
export function crossCheck(
  input: Readonly<Record<string, unknown>>,
  fields: PlanFields,
  problems: PlanProblem[],
): void {
  const hosts: readonly unknown[] = Array.isArray(input["hosts"]) ? input["hosts"] : [];
  const sessions = input["sessions"];
  const lacking = hosts.filter(
    (host) => !isUnknown(host) && (!isRecord(host) || host["sessions"] === undefined),
  );
  if (sessions === undefined && !isUnknown(input["hosts"]) && (lacking.length > 0 || hosts.length === 0)) {
    const reason =
      lacking.length === hosts.length ? "" : `, because ${lacking.length} of ${hosts.length} hosts set none`;
    problems.push(
      problem(
        ["sessions"],
        `must select sessions${reason}: a name, an ID, a list, or \`sessions.all: true\``,
      ),
    );
  }
  if (hosts.length > 1) {
    for (const at of pathsOfIds(sessions)) {
      const advice =
        "must not contain IDs for several hosts, because an ID belongs to a different session on each: set `sessions` of each host";
      problems.push(problem(["sessions", ...at], advice));
    }
  }
  checkSharedHostKey(input, problems);
  if (fields.mode === "ensure") {
    const selections: readonly (readonly [Path, unknown])[] = [
      [["sessions"], sessions],
      ...hosts.map(
        (host, index) =>
          [["hosts", index, "sessions"], isRecord(host) ? host["sessions"] : undefined] as const,
      ),
    ];
    for (const [path, value] of selections) {
      for (const at of [...pathsOfIds(value), ...pathsOfExceptedIds(value)]) {
        problems.push(
          problem(
            [...path, ...at],
            "must not contain IDs with `mode: ensure`, because hosts reuse IDs: use names or users",
          ),
        );
      }
    }
  }
  if (fields.drain !== undefined && fields.drain !== "none") {
    for (const { path, server } of fields.hosts) {
      if (server !== undefined)
        problems.push(
          problem(
            [...path, "server"],
            "cannot be combined with `drain`: change logon only acts on the host itself",
          ),
        );
    }
  }
  for (const { path, server, platform } of fields.hosts) {
    if (server !== undefined && platform === "linux") {
      const advice =
        'must not be "linux" for a server behind a host: only Windows supports /server:, so list that machine as a host of its own';
      problems.push(problem([...path, "platform"], advice));
    }
  }
  if (fields.atDeadline === "fail" && input["warn"] === undefined) {
    problems.push(problem(["atDeadline"], 'must not be "fail" without `warn`, which sets the grace period'));
  }
  const { warn, timeouts } = fields;
  if (warn !== undefined && timeouts?.total !== undefined && timeouts.total <= warn.gracePeriodMs) {
    const advice =
      "must be longer than `warn.gracePeriod`: otherwise the run ends before it logs anybody off";
    problems.push(problem(["timeouts", "total"], advice));
  }
}

/** Adds a problem for a key that several hosts share: each host has a key of its own. */
export function checkSharedHostKey(
  { hosts, connection }: Readonly<Record<string, unknown>>,
  problems: PlanProblem[],
): void {
  if (!Array.isArray(hosts) || hosts.length < 2) return;
  if (isRecord(connection) && connection["hostKey"] !== undefined) {
    problems.push(
      problem(
        ["connection", "hostKey"],
        "must be set with each host if there are several, as its own `connection.hostKey`",
      ),
    );
  }
}

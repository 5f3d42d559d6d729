import type { PlanProblem } from "../base/errors";
import { isRecord } from "../base/records";
import { problem, type Path } from "./problem";
import type { PlanFields } from "./schema/plan-fields";
import { pathsOfExceptedIds, pathsOfIds } from "./schema/selection";
import { isUnknown } from "./unknown";

/**
 * Finds values that are wrong only in combination. Reads the values as given, except null and undefined fields, so that no other
 * mistake hides one.
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
    const where =
      lacking.length === hosts.length
        ? ""
        : `, for ${lacking.length} of ${hosts.length} hosts have none of their own`;
    problems.push(
      problem(["sessions"], `must say which sessions${where}: a name, an ID, a list, or { all: true }`),
    );
  }
  if (hosts.length > 1) {
    for (const at of pathsOfIds(sessions)) {
      const advice =
        "must not name IDs for several hosts, where they are different people: give them with the host, as { host, sessions }";
      problems.push(problem(["sessions", ...at], advice));
    }
    const shared = input["connection"];
    if (isRecord(shared) && shared["hostKey"] !== undefined) {
      problems.push(
        problem(
          ["connection", "hostKey"],
          "must stand with each host when there are several: { host, connection: { hostKey } }",
        ),
      );
    }
  }
  if (fields.mode === "ensure") {
    const places: readonly (readonly [Path, unknown])[] = [
      [["sessions"], sessions],
      ...hosts.map(
        (host, index) =>
          [["hosts", index, "sessions"], isRecord(host) ? host["sessions"] : undefined] as const,
      ),
    ];
    for (const [path, value] of places) {
      for (const at of [...pathsOfIds(value), ...pathsOfExceptedIds(value)]) {
        problems.push(
          problem(
            [...path, ...at],
            'must not name IDs with mode "ensure": an ID is another person\'s tomorrow',
          ),
        );
      }
    }
  }
  if (fields.drain !== undefined && fields.drain !== "none") {
    for (const { path, server: relay } of fields.hosts) {
      if (relay !== undefined)
        problems.push(
          problem([...path, "server"], "must not be given with drain: change logon cannot be relayed"),
        );
    }
  }
  for (const { path, server: relay, platform } of fields.hosts) {
    if (relay !== undefined && platform === "linux") {
      const advice =
        'must not be "linux" beside server: only Windows relays, so give that machine as a host of its own';
      problems.push(problem([...path, "platform"], advice));
    }
  }
  if (fields.atDeadline === "fail" && input["warn"] === undefined) {
    problems.push(problem(["atDeadline"], 'must not be "fail" without warn: nobody is given any time'));
  }
  const { warn, timeouts } = fields;
  if (warn !== undefined && timeouts?.total !== undefined && timeouts.total <= warn.gracePeriodMs) {
    const advice = "must be longer than warn.gracePeriod: a run that ends before it logs nobody off";
    problems.push(problem(["timeouts", "total"], advice));
  }
}

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
  checkClient(input, problems);
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

/** The fields of a jump host's connection that it would log in with. */
const credentialNames = [
  "privateKey",
  "privateKeyFile",
  "passphrase",
  "passphraseEnv",
  "password",
  "passwordEnv",
  "agent",
] as const;

/** Adds a problem for everything that the machine's own ssh cannot do for a host that uses it. */
export function checkClient(
  { hosts, connection }: Readonly<Record<string, unknown>>,
  problems: PlanProblem[],
): void {
  const shared = isRecord(connection) ? connection : {};
  const entries: readonly unknown[] = Array.isArray(hosts) ? hosts : [];
  const owns = entries.map((host, index) => ({
    own: isRecord(host) && isRecord(host["connection"]) ? host["connection"] : {},
    at: ["hosts", index, "connection"] as Path,
  }));
  const found = new Map<string, PlanProblem>();
  const report = (path: Path, advice: string): void => {
    const added = problem(path, advice);
    found.set(added.path, added);
  };
  for (const { own, at } of owns) {
    if ((own["client"] ?? shared["client"]) !== "openssh") continue;
    const placeOf = (name: string): Path => [...(own[name] === undefined ? ["connection"] : at), name];
    const valueOf = (name: string): unknown => own[name] ?? shared[name];
    const checkRules = (value: (name: string) => unknown, place: (name: string) => Path): void => {
      if (value("strictHostKeyChecking") === "no")
        report(place("strictHostKeyChecking"), 'must not be "no" with `connection.client: openssh`');
      if (value("algorithms") === "legacy")
        report(
          place("algorithms"),
          'must not be "legacy" with `connection.client: openssh`: set algorithms in ssh_config',
        );
    };
    checkRules(valueOf, placeOf);
    const jumpHosts = valueOf("jumpHosts");
    for (const [index, jumpHost] of (Array.isArray(jumpHosts) ? (jumpHosts as unknown[]) : []).entries()) {
      const ofJumpHost = isRecord(jumpHost) && isRecord(jumpHost["connection"]) ? jumpHost["connection"] : {};
      const placeInJumpHost = (name: string): Path => [...placeOf("jumpHosts"), index, "connection", name];
      checkRules((name) => ofJumpHost[name], placeInJumpHost);
      for (const name of credentialNames.filter((each) => ofJumpHost[each] !== undefined))
        report(
          placeInJumpHost(name),
          "must not be set with `connection.client: openssh`: ssh logs in to jump hosts with keys, its agent or Kerberos, which ssh_config names",
        );
    }
  }
  problems.push(...found.values());
}

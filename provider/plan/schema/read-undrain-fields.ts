import type { PlanProblem } from "../../base/errors";
import { checkClient, checkSharedHostKey } from "../cross-checks";
import { problem } from "../problem";
import type { Fields } from "./field";
import { undrainInputNames, undrainInputs } from "./host-undrain";
import { readConnection, readHosts, type HostEntry } from "./hosts";
import type { PlanFields } from "./plan-fields";
import { connectionsOf, givenValues, readByShape } from "./read-fields";

/** The fields of an input of `HostUndrain` that could be read. Fields that are invalid or not known yet are absent. */
export interface UndrainFields
  extends Omit<Fields<typeof undrainInputs>, "hosts">, Pick<PlanFields, "connections"> {
  readonly hosts: readonly HostEntry[];
}

/** The fields of an input of `HostUndrain` that could be read, and all problems. */
export interface UndrainFieldsResult {
  readonly read: UndrainFields;
  readonly problems: readonly PlanProblem[];
}

/** Inputs that need more than their shape. */
const special: readonly string[] = ["hosts", "connection"];

/** Reads every field separately, so that a problem in one does not hide problems in others. Never throws. */
export function readUndrainFields(input: unknown): UndrainFieldsResult {
  const problems: PlanProblem[] = [];
  const values = givenValues(input, undrainInputNames, problems);
  if (values === undefined) return { read: { hosts: [], connections: [] }, problems };
  const simple = readByShape(undrainInputs, special, values, problems);
  // Warnings of hosts are about their sessions, which are not used here.
  const hosts = readHosts(values["hosts"], problems, []);
  const connection = readConnection(values["connection"], ["connection"], problems);
  const read: UndrainFields = {
    ...(simple as Omit<UndrainFields, "hosts" | "connections">),
    hosts,
    ...(connection === undefined ? {} : { connection }),
    connections: connectionsOf(connection, hosts),
  };
  checkSharedHostKey(values, problems);
  checkClient(values, problems);
  checkServers(hosts, problems);
  checkOnly(read, problems);
  return { read, problems };
}

function checkServers(hosts: readonly HostEntry[], problems: PlanProblem[]): void {
  for (const { path, server } of hosts) {
    if (server !== undefined)
      problems.push(
        problem(
          path,
          "must not set `server`: change logon only acts on the host itself, so list that machine as a host of its own",
        ),
      );
  }
}

/** While the identity of a host is not known, any identity may be that host's. */
function checkOnly({ only = [], hosts }: UndrainFields, problems: PlanProblem[]): void {
  const labels = hosts.flatMap(({ label }) => (label === undefined ? [] : [label]));
  const [first] = labels;
  if (first === undefined || labels.length < hosts.length) return;
  const known = new Set(labels);
  for (const [index, identity] of only.entries()) {
    if (known.has(identity)) continue;
    const meant = identity.toLowerCase();
    const example = labels.find((label) => label === meant || label === `${meant}:22`);
    const advice = example === undefined ? `, such as "${first}"` : `: did you mean "${example}"?`;
    problems.push(problem(["only", index], `must be the identity of one of \`hosts\`${advice}`));
  }
}

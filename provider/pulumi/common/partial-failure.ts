/** The error of create and update once a host was contacted: a partial state, and why it is partial. Pure. */
import { LogoffError, type PlanProblem } from "../../base/errors";
import { counted, firstAndMore, printable } from "../../base/text";
import type { ReportedError } from "../../report/report";
import { sharedErrors, toldErrors, type HostError } from "../../report/shared-errors";
import { alsoOn } from "../../report/text";

/** The most hosts that are listed; the others are counted. */
const limits = { errors: 20, hosts: 20 };

/**
 * The SDK's host turns an error with an `id` into a partial state. The engine prints the `reasons` and nothing else, and
 * keeps the `properties` as outputs.
 */
export class PartialFailure extends Error {
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];

  constructor(id: string, properties: Readonly<Record<string, unknown>>, reasons: readonly string[]) {
    super(reasons[0] ?? "Not done");
    this.name = "PartialFailure";
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }
}

/** A host that is not done, as the state keeps it. */
interface OpenHost {
  readonly status: string;
  readonly error?: ReportedError;
}

/** The errors of hosts that are not done: failed ones first, because skipped ones are a consequence. */
export function openErrorLines(open: readonly (readonly [host: string, OpenHost])[]): readonly string[] {
  const ranked = [...open].sort(
    ([, a], [, b]) => Number(a.status === "skipped") - Number(b.status === "skipped"),
  );
  return errorLines(ranked.map(([host, { status, error = unfinished }]) => ({ host, status, error })));
}

const unfinished: ReportedError = { code: "command-failed", message: "not done" };

/** An error that the engine prints as it is: every problem on a line of its own. */
export function planError(name: string, problems: readonly PlanProblem[]): LogoffError {
  const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
  return new LogoffError("plan-invalid", [`${name}: inputs cannot be used:`, ...lines].join("\n"), {
    problems,
  });
}

/** Each error once, with the first host that has it, and at most 20 hosts; the others are counted. */
export function errorLines(hosts: readonly HostError[]): readonly string[] {
  const { told, untold } = toldErrors(sharedErrors(hosts), limits);
  const lines = told.flatMap((one) => {
    const also = alsoOn(one);
    const line = `${firstAndMore(one.hosts)}: ${one.code}: ${one.message}`;
    return [printable(line, 400), ...(also === undefined ? [] : [printable(also, 2000)])];
  });
  return [...lines, ...(untold === 0 ? [] : [`… and ${counted(untold, "more host")} with other errors`])];
}

import type { PlanProblem } from "../../base/errors";
import { isRecord, withoutEmptyFields } from "../../base/records";
import { crossCheck } from "../cross-checks";
import { checkFields, problem, read } from "../problem";
import { isUnknown } from "../unknown";
import { readConnection, readHosts, readSelection } from "./hosts";
import type { PlanFields } from "./plan-fields";
import { flag, oneOf } from "./readers";
import * as steps from "./steps";

/** The fields of an input that could be read, all problems, and warnings for the operator. */
export interface FieldsResult {
  readonly read: PlanFields;
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly string[];
}

/** Fields that are read with a schema alone. */
const simple = {
  drain: oneOf("none", "until-restart", "until-destroy"),
  warn: steps.warn,
  atDeadline: oneOf("logoff", "fail"),
  ifStuck: oneOf("fail", "reset", "continue"),
  ifMissing: oneOf("ignore", "fail"),
  ifArrived: oneOf("include", "ignore"),
  limits: steps.limits,
  rollout: steps.rollout,
  failOn: oneOf("any", "budget"),
  window: steps.window,
  timeouts: steps.timeouts,
  mode: oneOf("once", "ensure"),
  triggers: steps.triggers,
  report: steps.report,
  previewSessions: flag,
};

/** The names of all inputs. */
export const inputFields: readonly string[] = ["hosts", "sessions", "connection", ...Object.keys(simple)];

/** Reads every field separately, so that a problem in one does not hide problems in others. Never throws. */
export function readFields(input: unknown): FieldsResult {
  const problems: PlanProblem[] = [];
  const warnings: string[] = [];
  if (!isRecord(input)) {
    return {
      read: noFields,
      problems: isUnknown(input) ? [] : [problem(["input"], "must be an object")],
      warnings,
    };
  }
  checkFields(input, inputFields, [], problems);
  const { triggers, ...others } = input;
  const values: Readonly<Record<string, unknown>> = {
    ...(withoutEmptyFields(others) as object),
    triggers: triggers ?? undefined,
  };
  const value = (name: string): unknown => values[name];
  const simpleValues = Object.fromEntries(
    Object.entries(simple).map(([name, schema]) => [
      name,
      value(name) === undefined ? undefined : read<unknown>(schema, value(name), [name], problems),
    ]),
  );
  const hosts = readHosts(value("hosts"), problems, warnings);
  const selector = readSelection(value("sessions"), ["sessions"], undefined, problems, warnings);
  const connection = readConnection(value("connection"), ["connection"], problems);
  const result: PlanFields = {
    ...simpleValues,
    hosts,
    ...(selector === undefined ? {} : { selector }),
    ...(connection === undefined ? {} : { connection }),
    connections: [
      ...(connection === undefined ? [] : [{ path: ["connection"], read: connection }]),
      ...hosts.flatMap((host) =>
        host.connection === undefined ? [] : [{ path: [...host.path, "connection"], read: host.connection }],
      ),
    ],
  };
  crossCheck(values, result, problems);
  return { read: result, problems, warnings };
}

const noFields: PlanFields = { hosts: [], connections: [] };

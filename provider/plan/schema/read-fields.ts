import type { PlanProblem } from "../../base/errors";
import { isRecord, withoutEmptyFields } from "../../base/records";
import { crossCheck } from "../cross-checks";
import { checkFields, problem } from "../problem";
import { isUnknown } from "../unknown";
import { readConnection, readHosts, readSelection } from "./hosts";
import { inputNames, inputs } from "./inputs";
import type { PlanFields } from "./plan-fields";
import { readWhole } from "./shape";

/** The fields of an input that could be read, all problems, and warnings for the operator. */
export interface FieldsResult {
  readonly read: PlanFields;
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly string[];
}

/** Inputs that need more than their shape: the others are read with it alone. */
const special: readonly string[] = ["hosts", "sessions", "connection"];

/** Reads every field separately, so that a problem in one does not hide problems in others. Never throws. */
export function readFields(input: unknown): FieldsResult {
  const problems: PlanProblem[] = [];
  const warnings: string[] = [];
  if (!isRecord(input)) {
    return {
      read: { hosts: [], connections: [] },
      problems: isUnknown(input) ? [] : [problem(["input"], "must be an object")],
      warnings,
    };
  }
  checkFields(input, inputNames, [], problems);
  const { triggers, ...others } = input;
  const values: Readonly<Record<string, unknown>> = {
    ...(withoutEmptyFields(others) as object),
    triggers: triggers ?? undefined,
  };
  const simple = Object.entries(inputs).flatMap(([name, { shape }]): (readonly [string, unknown])[] => {
    if (special.includes(name) || values[name] === undefined) return [];
    const value = readWhole<unknown>(shape, values[name], [name], problems);
    return value === undefined ? [] : [[name, value]];
  });
  const hosts = readHosts(values["hosts"], problems, warnings);
  const selector = readSelection(values["sessions"], ["sessions"], undefined, problems, warnings);
  const connection = readConnection(values["connection"], ["connection"], problems);
  const read: PlanFields = {
    ...(Object.fromEntries(simple) as Omit<PlanFields, "hosts" | "connections">),
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
  crossCheck(values, read, problems);
  return { read, problems, warnings };
}

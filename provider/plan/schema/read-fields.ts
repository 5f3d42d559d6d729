import type { PlanProblem } from "../../base/errors";
import { isRecord, withoutEmptyFields } from "../../base/records";
import { crossCheck } from "../cross-checks";
import { checkFields, problem } from "../problem";
import { isUnknown } from "../unknown";
import type { ConnectionFields } from "./connection";
import type { FieldMap } from "./field";
import { readConnection, readHosts, readSelection, type HostEntry } from "./hosts";
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
  const values = givenValues(input, inputNames, problems);
  if (values === undefined) return { read: { hosts: [], connections: [] }, problems, warnings };
  const simple = readByShape(inputs, special, values, problems);
  const hosts = readHosts(values["hosts"], problems, warnings);
  const selector = readSelection(values["sessions"], ["sessions"], undefined, problems, warnings);
  const connection = readConnection(values["connection"], ["connection"], problems);
  const read: PlanFields = {
    ...(simple as Omit<PlanFields, "hosts" | "connections">),
    hosts,
    ...(selector === undefined ? {} : { selector }),
    ...(connection === undefined ? {} : { connection }),
    connections: connectionsOf(connection, hosts),
  };
  crossCheck(values, read, problems);
  return { read, problems, warnings };
}

/**
 * The fields that an input sets, without null and undefined ones; values of `triggers` are only compared, so they stay as they are.
 * Adds a problem for every field that is not one of `known`.
 * @returns undefined if the input is not known yet, or after adding a problem if it is no object
 */
export function givenValues(
  input: unknown,
  known: readonly string[],
  problems: PlanProblem[],
): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(input)) {
    if (!isUnknown(input)) problems.push(problem(["input"], "must be an object"));
    return undefined;
  }
  checkFields(input, known, [], problems);
  const { triggers, ...others } = input;
  return { ...(withoutEmptyFields(others) as object), triggers: triggers ?? undefined };
}

/** The values of the declared fields, each read by its shape alone, but for those of `except`. */
export function readByShape(
  declared: FieldMap,
  except: readonly string[],
  values: Readonly<Record<string, unknown>>,
  problems: PlanProblem[],
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(declared).flatMap(([name, { shape }]): (readonly [string, unknown])[] => {
    if (except.includes(name) || values[name] === undefined) return [];
    const value = readWhole(shape, values[name], [name], problems);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

/** The connections of the resource and of its hosts, with their paths. */
export function connectionsOf(
  connection: ConnectionFields | undefined,
  hosts: readonly HostEntry[],
): PlanFields["connections"] {
  return [
    ...(connection === undefined ? [] : [{ path: ["connection"], read: connection }]),
    ...hosts.flatMap((host) =>
      host.connection === undefined ? [] : [{ path: [...host.path, "connection"], read: host.connection }],
    ),
  ];
}

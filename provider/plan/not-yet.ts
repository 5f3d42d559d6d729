import type { PlanProblem } from "../errors";
import type { PlanFields } from "./fields";
import { problem, type Path } from "./problems";

/**
 * Inputs that are understood but not acted upon yet. Each is refused instead of being accepted and ignored; who builds
 * one deletes its row.
 */
const rows: readonly { readonly what: string; readonly find: (read: PlanFields) => readonly Path[] }[] = [
  { what: "draining", find: ({ drain }) => when(drain !== undefined && drain !== "none", "drain") },
  { what: '"budget"', find: ({ failOn }) => when(failOn === "budget", "failOn") },
  { what: '"ensure"', find: ({ mode }) => when(mode === "ensure", "mode") },
  { what: "writing reports", find: ({ report }) => when((report ?? []).length > 0, "report") },
  { what: "true", find: ({ previewSessions }) => when(previewSessions === true, "previewSessions") },
];

/** A problem for everything that was asked for and is not built yet. */
export function notYetSupported(read: PlanFields): readonly PlanProblem[] {
  return rows.flatMap(({ what, find }) =>
    find(read).map((path) => problem(path, `must be left out: ${what} is not supported yet`)),
  );
}

function when(condition: boolean, ...path: readonly string[]): readonly Path[] {
  return condition ? [path] : [];
}

import type { z } from "zod";
import type { Selector } from "../../session/selector";
import type { WarnPlan, Window } from "../plan";
import type { Path } from "../problem";
import type { ConnectionFields } from "./connection";
import type { HostEntry } from "./hosts";
import type * as steps from "./steps";

/** The input's fields as far as they could be read: what is wrong or not known yet is absent. */
export interface PlanFields {
  /** Names of all fields that are there, right or wrong. */
  readonly given: ReadonlySet<string>;
  readonly hosts: readonly HostEntry[];
  /** The selection for hosts without one of their own. */
  readonly selector?: Selector;
  readonly connection?: ConnectionFields;
  /** Every selection and every connection, with where it stands. */
  readonly selections: readonly { readonly path: Path; readonly selector: Selector }[];
  readonly connections: readonly { readonly path: Path; readonly read: ConnectionFields }[];
  readonly drain?: "none" | "until-restart" | "until-destroy" | undefined;
  readonly warn?: WarnPlan | undefined;
  readonly atDeadline?: "logoff" | "fail" | undefined;
  readonly ifStuck?: "fail" | "reset" | "continue" | undefined;
  readonly ifMissing?: "ignore" | "fail" | undefined;
  readonly ifArrived?: "include" | "ignore" | undefined;
  readonly limits?: z.output<typeof steps.limits> | undefined;
  readonly rollout?: z.output<typeof steps.rollout> | undefined;
  readonly failOn?: "any" | "budget" | undefined;
  readonly window?: Window | undefined;
  readonly timeouts?: z.output<typeof steps.timeouts> | undefined;
  readonly mode?: "once" | "ensure" | undefined;
  readonly report?: readonly string[] | undefined;
  readonly previewSessions?: boolean | undefined;
}

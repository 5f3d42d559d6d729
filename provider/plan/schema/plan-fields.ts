import type { z } from "zod";
import type { Selector } from "../../session/selector";
import type { WarnPlan, Window } from "../plan";
import type { Path } from "../problem";
import type { ConnectionFields } from "./connection";
import type { HostEntry } from "./hosts";
import type * as steps from "./steps";

/** The fields of an input that could be read. Fields that are invalid or not known yet are absent. */
export interface PlanFields {
  readonly hosts: readonly HostEntry[];
  /** The selection for hosts that set none. */
  readonly selector?: Selector;
  readonly connection?: ConnectionFields;
  /** The connections of the resource and of the hosts, with their paths. */
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

import type { Selector } from "../../session/selector";
import type { Path } from "../problem";
import type { ConnectionFields } from "./connection";
import type { Fields } from "./field";
import type { HostEntry } from "./hosts";
import type { inputs } from "./inputs";

/** The fields of an input that could be read. Fields that are invalid or not known yet are absent. */
export interface PlanFields extends Omit<Fields<typeof inputs>, "hosts" | "sessions"> {
  readonly hosts: readonly HostEntry[];
  /** The selection for hosts that set none. */
  readonly selector?: Selector;
  /** The connections of the resource and of the hosts, with their paths. */
  readonly connections: readonly { readonly path: Path; readonly read: ConnectionFields }[];
}

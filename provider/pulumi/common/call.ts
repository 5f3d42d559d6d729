/** What surrounds a method of a resource, in the class as in the plugin. */
import { withoutFields } from "../../base/records";
import type { Runs } from "../process/cancellation";
import type { World } from "../process/world";
import type { Voice } from "../progress/voice";
import type { Configuration, Props } from "./contract";

/** One call of a method for one resource. */
export interface Call {
  /** The resource's name in the program. */
  readonly name: string;
  readonly voice: Voice;
  readonly configuration: Configuration;
  /** Where runs are held, and stopped. */
  readonly runs: Runs;
  /** The most time that a run takes, in milliseconds, beside `timeouts.total`; the smaller wins. Absent: no limit. */
  readonly mostMs?: number;
  /** What marks of secrets add to the outputs, in bytes of JSON. Absent: 0. */
  readonly markBytes?: number;
}

/** A call in its process. */
export interface Scope extends World, Call {}

/** The time that a run takes at most, of the inputs' limit and the call's. */
export function withinCall<Limit extends number | null>(
  limit: Limit,
  { mostMs }: Pick<Call, "mostMs">,
): Limit | number {
  return mostMs === undefined ? limit : Math.min(limit ?? Infinity, mostMs);
}

/** Fields that the class and the SDK add to the program's inputs. */
const notInputs = ["__provider", "resourceName"];

/** The properties without those that the class and the SDK add. */
export function ownInputs(props: Props): Props {
  return withoutFields(props, notInputs);
}

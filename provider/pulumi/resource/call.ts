/** What surrounds a method of the resource, in the class as in the plugin. */
import type { Runs } from "../process/cancellation";
import type { World } from "../process/world";
import type { Voice } from "../progress/voice";
import type { Configuration } from "./contract";

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

import { mapped, type AskedRow, type Backend, type Query } from "../../backend/backend";
import { backendFor } from "../../backend/detect";
import type { HostPlan } from "../../plan/plan";
import { steadied } from "../../session/logon-times";
import { withOwnMarked } from "../../session/own-sessions";
import type { SessionList } from "../../session/session";
import type { RunContext } from "../context";
import type { HostConnection } from "../host-connection";
import type { HostRecord } from "./record";
import { sentTo, type HostState } from "./state";

/** A host during a visit, once its operating system is known. */
export interface DetectedHost {
  readonly label: string;
  readonly plan: HostPlan;
  readonly connection: HostConnection;
  /** Its listings can be compared with each other: see {@link readListing}. */
  readonly backend: Backend;
}

export function detectedHost(run: RunContext, record: HostRecord): DetectedHost {
  const { label, plan, connection } = record;
  const { detected } = record.state;
  if (detected === null) throw new Error(`"${label}" is not detected yet`);
  const backend = backendFor(detected, plan.host);
  const list = (): Query<SessionList> =>
    mapped(backend.list(askedRows(record.state)), (read) => readListing(run, record, read()));
  return { label, plan, connection, backend: { ...backend, list } };
}

/**
 * Makes a listing comparable with the ones before it: a session keeps its first logon time even if the host's clock changes, and the
 * sessions of all our connections are marked as own.
 */
export function readListing({ onProgress }: RunContext, record: HostRecord, list: SessionList): SessionList {
  const { state, label, plan } = record;
  const steady = steadied(state.times, list);
  state.times = steady.times;
  if (steady.clockChanged) onProgress({ type: "clock-changed", host: label });
  // With "current" only the session of the connection itself is our own; the others are ordinary sessions.
  if (plan.selector.current) return steady.list;
  const marked = withOwnMarked(state.own, steady.list, record.connections);
  state.own = marked.own;
  return marked.list;
}

/** Sessions whose logoff was sent, by this run or a previous one. */
function askedRows({ work, previous }: HostState): readonly AskedRow[] {
  const asked = work.filter((one) => sentTo(one) !== "nothing");
  return [...asked.map(({ session }) => session), ...(previous.asked ?? [])];
}

import { counted, upTo } from "../base/text";
import type { HostPlan } from "../plan/plan";
import type { HostReport } from "../report/report";
import type { HostRun } from "./host/visit";
import { isDrainedByUs } from "./host/state";

/**
 * Warns about hosts that a previous run drained and that this run did not touch, in one line, because there may be thousands.
 * @param isRefused whether the run was refused, so that hosts were listed at most
 */
export function stillDrained(reports: readonly HostReport[], isRefused: boolean): readonly string[] {
  const closed = reports.filter(
    ({ status, contacted, drained }) =>
      status !== "ok" && (isRefused || !contacted) && isDrainedByUs(drained),
  );
  const [first] = closed;
  if (first === undefined) return [];
  const them =
    closed.length === 1
      ? `"${first.host}" was`
      : `${counted(closed.length, "host")}, including "${first.host}", were`;
  return [`${them} not touched and may still refuse new logons because of a previous run; run again`];
}

/** Exceptions that matched no session on any host are probably misspelled. Nothing is reported unless every host was listed. */
export function unusedExceptions(hosts: readonly HostPlan[], runs: readonly HostRun[]): string[] {
  if (runs.some(({ report }) => report.platform === null)) return [];
  const used = new Set(runs.flatMap(({ usedExceptions }) => usedExceptions));
  const asked = hosts.flatMap(({ selector: { except } }) => [
    ...except.ids.map((id) => `ids ${id}`),
    ...except.names.map((name) => `names ${name}`),
    ...except.users.map((user) => `users ${user}`),
  ]);
  return [...new Set(asked)]
    .filter((exception) => !used.has(exception))
    .map((exception) => `The exception "${exception}" matched no session on any host: check its spelling`);
}

/** Warns about hosts that were to be opened again after their wave and are still closed, for whatever reason. */
export function leftClosed(reports: readonly HostReport[]): readonly string[] {
  const closed = reports.filter(({ contacted, drained }) => contacted && drained === "until-destroy");
  if (closed.length === 0) return [];
  const hosts = closed.map(({ host }) => host);
  const [verb, them] = closed.length === 1 ? ["refuses", "it"] : ["refuse", "them"];
  return [`${upTo(20, hosts)} ${verb} new logons until somebody undrains ${them}`];
}

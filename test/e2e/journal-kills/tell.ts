import type { Story } from "./runs";

/** A story from its beginning to its end, to see why it went wrong. */
export function tellStory({ scenario, stage, processes, journal, thenRuns }: Story): string {
  const from = processes[0]?.startedMs ?? 0;
  const at = (ms: number): string => `${Math.round(ms - from)}`.padStart(6);
  const events = [
    ...stage.acts
      .filter(({ kind }) => kind !== "other")
      .map(({ atMs, process, kind, host, logon, command, record }) => ({
        atMs,
        text: `[${process}] ${host} ${kind} ${logon?.user ?? ""} ${command.slice(0, 60)} ${record?.outcome ?? ""}`,
      })),
    ...processes.flatMap(({ startedMs, endedMs, status, stderr }, index) => [
      { atMs: startedMs, text: `process ${index + 1} starts` },
      { atMs: endedMs, text: `process ${index + 1} ends: ${status ?? "killed"} ${stderr.slice(0, 2000)}` },
    ]),
    ...stage.logons.flatMap(({ host, id, user, fromMs, endedMs, endedBy, shown }) => [
      { atMs: fromMs, text: `${user} (${id}) logs on to ${host}` },
      ...(endedMs === undefined
        ? []
        : [{ atMs: endedMs, text: `${user} (${id}) leaves ${host}: ${endedBy ?? ""}` }]),
      ...shown.map(({ atMs, seconds }) => ({
        atMs,
        text: `${user} on ${host} sees a message (${seconds ?? "?"} s)`,
      })),
    ]),
  ].sort((a, b) => a.atMs - b.atMs);
  return [
    JSON.stringify(scenario, null, 1),
    ...events.map(({ atMs, text }) => `${at(atMs)} ${text}`),
    ...journal.map((line) => JSON.stringify(line).slice(0, 700)),
    JSON.stringify(thenRuns),
    processes.at(-1)?.stdout ?? "",
  ].join("\n");
}

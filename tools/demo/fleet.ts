import type { HostOptions, Lab, LabHost } from "../../test/lab/lab";
import type { DemoLinux } from "./linux";

/** Six hosts with different people, languages and layouts. */
export const demoHosts: readonly HostOptions[] = [
  {
    name: "rdsh01",
    sessions: [{ user: "alice" }, { user: "bob", state: "disconnected" }, { user: "svc-backup" }],
  },
  {
    name: "rdsh02",
    language: "de",
    layout: "wide",
    sessions: [{ user: "jürgen" }, { user: "Anna Schmidt" }],
  },
  { name: "rdsh03", console: { user: "operator" }, sessions: [{ user: "carol" }] },
  { name: "rdsh04", sessions: [{ user: "dave", onLogoff: { kind: "closes", ms: 1500 } }, { user: "erin" }] },
  { name: "rdsh05", sessions: [{ user: "frank" }, { user: "grace", state: "disconnected" }] },
  { name: "rdsh06", sessions: [] },
];

/** The users logged on, by host and session ID. */
export type Census = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads the hosts directly, not our report, so that the table shows what really happened. */
export async function census({ hosts }: Lab, linux: DemoLinux | undefined): Promise<Census> {
  const rows = hosts.map((host) => [host.name, new Map(peopleOf(host))] as const);
  return new Map(linux === undefined ? rows : [...rows, [linux.name, await linux.people()]]);
}

function peopleOf({ model }: LabHost): [string, string][] {
  return model
    .sessions()
    .flatMap(({ id, user }): [string, string][] => (user === null ? [] : [[String(id), user]]));
}

/** A table of what happened to each session. Reasons come from output such as `rdsh01:22: kept 4 (svc-backup): excepted`. */
export function table(
  before: Census,
  after: Census,
  reasonFor: (host: string, id: string) => string | undefined,
): string {
  const rows = [...before].flatMap(([host, people]) =>
    people.size === 0
      ? [[host, "", "", "nobody was logged on"]]
      : [...people].map(([id, user]) => {
          const gone = after.get(host)?.get(id) !== user;
          return [
            host,
            id,
            user,
            gone ? "logged off" : `kept: ${reasonFor(host, id) ?? "host not finished"}`,
          ];
        }),
  );
  const header = ["host", "ID", "user", "what happened"];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [header, widths.map((width) => "-".repeat(width)), ...rows]
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

import { cksum } from "../../../provider/backend/linux/cksum";

/** What real hosts printed of their sessions, and whole answers to our command made of it. */

/** When the answers were given. */
const nowSeconds = 1_795_412_301;

/**
 * What `show-session` printed, recorded. elogind 246 in full, of which our command asks for a part; the same properties
 * as systemd 252 names them, in another order and with the ones it adds.
 */
export const recorded = {
  "elogind 246, ssh with a terminal": [
    "Id=10",
    "User=1002",
    "Name=labbob",
    "Timestamp=Mon 2026-11-23 05:33:21 UTC",
    "TimestampMonotonic=3287676225",
    "VTNr=0",
    "TTY=pts/0",
    "Remote=yes",
    "RemoteHost=127.0.0.1",
    "Service=sshd",
    "Leader=276",
    "Audit=10",
    "Type=tty",
    "Class=user",
    "Active=yes",
    "State=active",
    "IdleHint=no",
    "IdleSinceHint=1795412001959803",
    "IdleSinceHintMonotonic=3287675000",
    "LockedHint=no",
  ],
  "elogind 246, ssh without a terminal": [
    "Id=3",
    "User=1002",
    "Name=labbob",
    "Timestamp=Mon 2026-11-23 05:28:52 UTC",
    "Service=sshd",
    "Leader=170",
    "Type=tty",
    "Class=user",
    "State=active",
    "IdleHint=no",
    "IdleSinceHint=0",
  ],
  xrdp: [
    "Id=c7",
    "User=1005",
    "Name=erin",
    "Timestamp=Mon 2026-11-23 04:00:00 UTC",
    "Display=:10",
    "Service=xrdp-sesman",
    "Leader=900",
    "Type=x11",
    "Class=user",
    "State=active",
    "IdleHint=no",
    "IdleSinceHint=0",
  ],
  "a desktop that says it is idle": [
    "Id=2",
    "Name=carol",
    "User=1001",
    "Seat=seat0",
    "TTY=tty2",
    "Display=:0",
    "Leader=700",
    "Type=wayland",
    "Class=user",
    "State=online",
    "IdleHint=yes",
    "IdleSinceHint=1795411701000000",
    "Timestamp=Mon 2026-11-23 04:00:00 CET",
  ],
} as const;

export interface Parts {
  readonly shown: readonly (readonly [
    id: string,
    lines: readonly string[],
    outcome?: "shown" | "ended" | "failed",
  ])[];
  /** Sessions of the second list alone. */
  readonly more?: Parts["shown"];
  readonly own?: string;
  readonly selfGroups?: readonly string[];
  readonly groups?: readonly string[];
  readonly processes?: readonly string[];
  readonly before?: string;
}

/** What our command prints between its two marks. */
export function bodyOf(parts: Parts): string {
  const { shown, more = [], own = "", selfGroups = [], groups = [], processes = [] } = parts;
  const blocks = (sessions: Parts["shown"]): readonly string[] =>
    sessions.flatMap(([id, lines, outcome = "shown"]) => [`@session ${id}`, ...lines, `@${outcome}`]);
  return [
    `@now ${nowSeconds}`,
    `@own ${own}`,
    "@self 42",
    ...selfGroups.map((group) => `@in ${group}`),
    ...blocks(shown),
    "@groups",
    ...groups,
    ...blocks(more),
    "@processes",
    ...processes,
  ].join("\n");
}

/** The answer of a host as our command prints it. */
export function answer(parts: Parts): string {
  return enclosed(bodyOf(parts), parts.before);
}

export function enclosed(body: string, before = ""): string {
  return `${before}\n@begin\n${body}\n@complete ${cksum(Buffer.from(body))} ${Buffer.byteLength(body)}\n`;
}

/** Some properties changed; undefined leaves one out, as loginctl does with empty ones. */
export function changed(
  lines: readonly string[],
  changes: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const rest = lines.filter((line) => !Object.hasOwn(changes, line.slice(0, line.indexOf("="))));
  return [
    ...rest,
    ...Object.entries(changes).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`])),
  ];
}

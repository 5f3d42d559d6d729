/** The six hosts of `npm run lab`, on which the examples of the documents are tried too. */
import { userInfo } from "node:os";
import type { CommandRecord } from "./command-record";
import { clientKey, labUser, startLab, type HostOptions, type Lab } from "./lab";
import type { LoginUser } from "./ssh/login";

/** The login of the examples; {@link clientKey} is accepted for every user. */
export const patchUser: LoginUser & { readonly password: string } = {
  name: "patch",
  password: "Lab-only!Patch",
  publicKeys: [clientKey.publicKey],
};

const users: readonly LoginUser[] = [
  labUser,
  patchUser,
  { name: "patch-operator", publicKeys: [clientKey.publicKey] },
  { name: "helper", publicKeys: [clientKey.publicKey], rights: "query-only" },
  { name: "nobody", publicKeys: [clientKey.publicKey], rights: "none" },
  { name: userInfo().username, publicKeys: [clientKey.publicKey] },
];

/** The hosts, each with its special trait. */
export const fleet: readonly (HostOptions & { readonly about: string })[] = [
  {
    name: "rdsh01",
    about: "English, an ordinary day",
    sessions: [{ user: "alice" }, { user: "bob", state: "disconnected", idle: 83 }, { user: "svc-backup" }],
  },
  {
    name: "rdsh02",
    about: "German, the wide layout, logoffs take three seconds",
    language: "de",
    layout: "wide",
    sessions: [
      { user: "jürgen", onLogoff: { kind: "closes", ms: 3000 } },
      { user: "Anna Schmidt", idle: "none", onLogoff: { kind: "closes", ms: 3000, waits: true } },
    ],
  },
  {
    name: "rdsh03",
    about: "English, dave's session hangs at signing out until it is reset",
    sessions: [{ user: "carol" }, { user: "dave", id: 12, onLogoff: { kind: "stuck" } }],
  },
  {
    name: "rdsh04",
    about: "German, somebody at the console; log in as helper or nobody for missing rights",
    language: "de",
    console: { user: "operator" },
    sessions: [{ user: "erika" }],
  },
  {
    name: "rdsh05",
    about: "English, the wide layout, PowerShell, already drained",
    layout: "wide",
    shell: "powershell",
    drain: "until-restart",
    sessions: [{ user: "frank", name: "31C5CE94259D4006A9E4#0" }, { user: "a-name-of-more-than-20-letters" }],
    listeners: ["31C5CE94259D4006A9E4", "rdp-tcp"],
  },
  {
    name: "rdsh06",
    about: "English, slow, busy at first, and it resets the connection at goodbye",
    sessions: [
      { user: "grace", onLogoff: { kind: "busy", times: 2 } },
      { user: "heidi", onLogoff: { kind: "ignored" } },
    ],
    ssh: { connectDelayMs: 300, commandDelayMs: 200, resetAtGoodbye: true },
  },
];

/** Both names of a host: `rdsh01` and `rdsh01.corp.example`. */
export function namesOf(host: string): readonly [string, string] {
  return [host, `${host}.corp.example`];
}

/** Starts the {@link fleet}. */
export function startFleet({
  onCommand,
  everybodyGoes = false,
}: {
  readonly onCommand?: (record: CommandRecord) => void;
  /** Whether no session is stuck, busy or ignores the logoff. */
  readonly everybodyGoes?: boolean;
} = {}): Promise<Lab> {
  return startLab({
    hosts: fleet.map(({ sessions = [], ...host }) => ({
      users,
      // Long enough to see, and short enough to wait for.
      onShutdown: { answersForMs: 500, downForMs: 10_000, listenersAfterMs: 3000 },
      ...host,
      sessions: everybodyGoes ? sessions.map(willing) : sessions,
    })),
    ...(onCommand === undefined ? {} : { onCommand }),
  });
}

type Person = NonNullable<HostOptions["sessions"]>[number];

function willing({ onLogoff, ...person }: Person): Person {
  return onLogoff?.kind === "closes" ? { ...person, onLogoff } : person;
}

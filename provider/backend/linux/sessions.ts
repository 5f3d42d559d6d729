import { hasControls, printable } from "../../base/text";
import { LogoffError } from "../../base/errors";
import type { ExecResult } from "../../connection";
import { type Session, type SessionKind, type SessionList, withoutDomain } from "../../session/session";
import type { Target } from "../backend";
import { isDenied, startOf } from "./answers";
import { readListAnswer, type ListAnswer } from "./list-answer";
import { ancestorsOf, readGroups, readProcesses, type Processes } from "./processes";
import { checkedTerminal } from "./shell";

type Properties = ReadonlyMap<string, string>;

/**
 * The sessions in the answer to `listCommand`, all of them or none.
 * @throws LogoffError `unsupported-host` (no loginctl, or logind does not know our own login), `permission-denied`,
 * `output-unrecognised`
 */
export function readSessions(target: Target, result: ExecResult | undefined): SessionList {
  if (result?.code === 127) {
    throw new LogoffError(
      "unsupported-host",
      `Cannot list the sessions of "${target.label}": it has no loginctl, which comes with systemd-logind or elogind`,
    );
  }
  if (result?.code !== 0) throw unreadable(target, complaintOf(result) || startOf(result?.stdout));
  const answer = readListAnswer(result.stdout);
  if (typeof answer === "string") throw unreadable(target, answer);
  const failed = answer.shown.find(({ outcome }) => outcome === "failed");
  if (failed !== undefined) throw unreadable(target, failed.lines.join(" "));
  const shown = answer.shown.filter(({ outcome }) => outcome === "shown");
  const byId = new Map(shown.map(({ id, lines }) => [id, readProperties(target, id, lines)]));
  if (byId.size < shown.length) throw unreadable(target, "the same session twice");
  const processes = readProcesses(answer.processes);
  const ownId = ownIdIn(byId, answer, processes);
  if (ownId === undefined && target.local !== true) throw unknownToLogind(target);
  const doubtful = [...byId].find(
    ([id, properties]) => id !== ownId && mayBePerson(properties.get("Class") ?? ""),
  );
  if (doubtful !== undefined && processes.parentOf.size === 0) throw withoutProcesses(target, doubtful[0]);
  const sessions = [...byId].map(([id, properties]) => ({
    ...toSession(id, properties, answer.nowSeconds, processes),
    own: id === ownId,
  }));
  return [...sessions, ...leftBehind(byId, readGroups(answer.groups))];
}

/** The messages of our script on standard error, without those of the login's start-up files. */
function complaintOf(result: ExecResult | undefined): string {
  const said = startOf(result?.stderr);
  const begin = said.indexOf("\n@begin\n");
  return begin === -1 ? said : said.slice(begin + "\n@begin\n".length);
}

function unreadable(target: Target, said: string): LogoffError {
  const denied = isDenied(said);
  return new LogoffError(
    denied ? "permission-denied" : "output-unrecognised",
    `Cannot ${denied ? "list" : "read"} the sessions of "${target.label}": loginctl gave no complete list but "${printable(said.slice(0, 20_000))}" (nobody was taken to be absent)`,
  );
}

function unknownToLogind(target: Target): LogoffError {
  return new LogoffError(
    "unsupported-host",
    `Cannot list the sessions of "${target.label}": its logind does not know our own login, so it may not know other people's ` +
      'either; its SSH server needs "UsePAM yes", and its PAM configuration pam_systemd (or pam_elogind) for SSH sessions',
  );
}

function withoutProcesses(target: Target, id: string): LogoffError {
  return new LogoffError(
    "unsupported-host",
    `Cannot list the sessions of "${target.label}": it has no ps (package procps) that prints its processes, which would tell whether ` +
      `session ${printable(id, 20)} is a person or a background job`,
  );
}

/** The properties of a session, each at most once. The ID must be the requested one, and a session always has an owner. */
function readProperties(target: Target, id: string, lines: readonly string[]): Properties {
  const properties = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf("=");
    const name = line.slice(0, at);
    if (at < 1) continue;
    if (properties.has(name)) throw unreadable(target, `session ${id} with ${name} twice`);
    properties.set(name, line.slice(at + 1));
  }
  const isWord = (name: string): boolean => /^[a-z][a-z0-9-]*$/u.test(properties.get(name) ?? "");
  const hasOwner = Boolean(properties.get("Name") || properties.get("User"));
  // Without class and state, a person cannot be told from a service.
  if (properties.get("Id") !== id || !isWord("Class") || !isWord("State") || !hasOwner) {
    throw unreadable(target, `session ${id} without Id, Class, State or User`);
  }
  return properties;
}

/**
 * The session that our command runs in: from the login's variable, else from its control group, else from a leader above its process.
 * The variable may be missing (sudo removes it) or name a session that has ended (tmux keeps it).
 */
function ownIdIn(
  byId: ReadonlyMap<string, Properties>,
  answer: ListAnswer,
  processes: Processes,
): string | undefined {
  const candidates = [answer.ownId, ...readGroups(answer.selfGroups).keys()];
  const known = candidates.find((id) => byId.has(id));
  if (known !== undefined) return known;
  const above = ancestorsOf(answer.selfPid, processes);
  return [...byId].find(([, properties]) => above.has(Number(properties.get("Leader"))))?.[0];
}

function toSession(
  id: string,
  properties: Properties,
  nowSeconds: number | undefined,
  processes: Processes,
): Omit<Session, "own"> {
  const get = (name: string): string | undefined => properties.get(name) || undefined;
  const state = get("State") ?? "";
  const user = get("Name") ?? get("User");
  const graphical = isGraphical(get("Type"));
  const below = processes.nearestTerminal.get(leaderOf(properties));
  const terminal = graphical ? undefined : messageTerminal(properties, below);
  const name = graphical
    ? (get("Display") ?? get("TTY"))
    : (terminal ?? get("TTY") ?? get("Display") ?? below);
  const logonTime = logonTimeOf(properties);
  const idleMs = idleMsOf(properties, nowSeconds);
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(terminal === undefined ? {} : { terminal }),
    // winbind prints `DOMAIN\\user`. As on Windows the domain is dropped, so that an exception `svc-*` protects.
    ...(user === undefined ? {} : { user: withoutDomain(user) }),
    userCertain: get("Name") !== undefined && !hasControls(user ?? "") && !user?.includes("\ufffd"),
    kind: kindOf(properties, below),
    state: state === "active" || state === "online" ? "active" : "other",
    stateText: state,
    ...(logonTime === undefined ? {} : { logonTime }),
    ...(idleMs === undefined ? {} : { idleMs }),
  };
}

const isUserClass = (name: string): boolean => /^user(?:-|$)/u.test(name);

/** Greeters, lock screens and managers, whose programs may have terminals of their own: those of a desktop's services do. */
const isNeverPerson = (name: string): boolean => /^(?:greeter|lock-screen|manager(?:-.+)?)$/u.test(name);

/** Whether only a terminal or a screen tells that a session of this class is a person. */
const mayBePerson = (name: string): boolean => !isUserClass(name) && !isNeverPerson(name);

/**
 * People are of class `user` or one of its newer variants (`user-early` is root's since v256, when a login of root is no longer
 * `user`), or have a terminal or a screen: to logind the logins of Teleport and those of system users are background jobs. Everything
 * else is a service, unknown classes included. A session at a seat is at the machine's own screen, which Windows calls the console;
 * xrdp and SSH have no seat.
 */
function kindOf(properties: Properties, below: string | undefined): SessionKind {
  const sessionClass = properties.get("Class") ?? "";
  const isPerson =
    isUserClass(sessionClass) || (mayBePerson(sessionClass) && hasTerminalOrScreen(properties, below));
  if (!isPerson) return "services";
  if (properties.get("State") === "closing") return "leftover";
  return properties.get("Seat") ? "console" : "user";
}

/**
 * Whether somebody may sit in front of a session. It need not be a terminal that we can write to.
 * @param below the terminal below its leader, of any kind
 */
function hasTerminalOrScreen(properties: Properties, below: string | undefined): boolean {
  return isGraphical(properties.get("Type")) || isDevice(properties.get("TTY")) || below !== undefined;
}

/**
 * Whether a TTY names a device, such as `pts/3`, `ttyS0`, `hvc0`, `3270/tty1` and `console`, and is not a word such as `cron`, `ftp`
 * and `ssh`, which programs without a terminal give to PAM.
 */
function isDevice(tty: string | undefined): boolean {
  return /^(?:\/dev\/.+|[\w-]+\/.+|console|tty\w+|[a-z][\w-]*[0-9])$/iu.test(tty ?? "");
}

function isGraphical(type: string | undefined): boolean {
  return type !== undefined && ["x11", "wayland", "mir"].includes(type);
}

/** The terminal that a message may be written to. Only a checked name enters a command line. */
function messageTerminal(properties: Properties, below: string | undefined): string | undefined {
  const tty = properties.get("TTY");
  if (isDevice(tty)) return checkedTerminal(tty);
  return properties.get("Display") ? undefined : checkedTerminal(below);
}

/** The leader's process, or 0, which no process has, if logind names none. */
function leaderOf(properties: Properties): number {
  return Number(properties.get("Leader") ?? 0);
}

/** The time and the leader: timestamps have whole seconds, and after a restart another process may lead a session of the same number. */
function logonTimeOf(properties: Properties): string | undefined {
  const leader = properties.get("Leader");
  const since = properties.get("Timestamp");
  const parts = [since, leader && leader !== "0" ? `leader ${leader}` : undefined].filter(Boolean);
  return parts.length === 0 ? undefined : parts.join(", ");
}

const longestIdleMs = 365 * 24 * 3_600_000;

/**
 * Milliseconds without input. For a terminal logind tells when it was last read. A desktop says itself that it is idle, or never says
 * anything, as under xrdp: that is unknown, not active.
 */
function idleMsOf(properties: Properties, nowSeconds: number | undefined): number | undefined {
  const sinceMs = Number(properties.get("IdleSinceHint") ?? 0) / 1000;
  if (nowSeconds === undefined || !(sinceMs > 0)) return undefined;
  if (isGraphical(properties.get("Type")) && properties.get("IdleHint") !== "yes") return 0;
  const idleMs = Math.max(0, Math.round(nowSeconds * 1000 - sinceMs));
  return idleMs > longestIdleMs ? undefined : idleMs;
}

/**
 * Sessions that are in no list any more while some of their processes live on: elogind forgets a session as soon as it
 * asked it to end (seen with 246), where systemd-logind shows it as closing.
 */
function leftBehind(
  listed: ReadonlyMap<string, Properties>,
  counts: ReadonlyMap<string, number>,
): SessionList {
  return [...counts].flatMap(([id, count]) =>
    listed.has(id)
      ? []
      : [
          {
            id,
            userCertain: false,
            kind: "leftover",
            state: "other",
            stateText: `ended, ${count} ${count === 1 ? "process" : "processes"} left`,
            own: false,
          } as const,
        ],
  );
}

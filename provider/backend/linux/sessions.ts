import type { ExecResult } from "../../connection";
import { LogoffError, printable } from "../../errors";
import type { Session, SessionKind, SessionList } from "../../session/session";
import type { Target } from "../backend";
import { isDenied, textOf } from "./answers";
import { readAnswerLines, type Answer } from "./list";
import { readGroups, readProcesses, terminalBelow, type Groups } from "./processes";
import { checkedTerminal } from "./shell";

type Properties = ReadonlyMap<string, string>;

/**
 * The sessions in the answer to `listCommand`, all of them or none.
 * @throws LogoffError `unsupported-host` (no loginctl), `permission-denied`, `output-unrecognised`
 */
export function readSessions(target: Target, result: ExecResult | undefined): SessionList {
  const text = textOf(result?.stdout);
  const complaint = textOf(result?.stderr);
  if (result?.code === 127) {
    throw new LogoffError(
      "unsupported-host",
      `Cannot list the sessions of "${target.label}": it has no loginctl, which comes with systemd-logind or elogind`,
    );
  }
  const answer = readAnswerLines(text);
  if (!answer.complete || result?.code !== 0) throw unreadable(target, complaint || text);
  if (answer.strange > 0) throw unreadable(target, "a row without a session ID");
  const groups = readGroups(answer.groups);
  const sessions = answer.shown.flatMap(({ id, code, lines }) => {
    if (code === 0) return [toSession(target, id, readProperties(lines), answer, groups)];
    if (answer.still.includes(id)) throw unreadable(target, lines.join(" "));
    return [];
  });
  return [...sessions, ...leftBehind(answer, groups)];
}

function unreadable(target: Target, said: string): LogoffError {
  const denied = isDenied(said);
  return new LogoffError(
    denied ? "permission-denied" : "output-unrecognised",
    `Cannot ${denied ? "list" : "read"} the sessions of "${target.label}": loginctl gave no complete list but "${printable(said)}" (nobody was taken to be absent)`,
  );
}

function readProperties(lines: readonly string[]): Properties {
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

function toSession(
  target: Target,
  id: string,
  properties: Properties,
  answer: Answer,
  groups: Groups,
): Session {
  const get = (name: string): string | undefined => properties.get(name) || undefined;
  const state = get("State");
  // Another ID would be somebody else; without class or state nobody could tell a person from a service.
  if (get("Id") !== id || get("Class") === undefined || state === undefined) {
    throw unreadable(target, `session ${id} without Id, Class or State`);
  }
  const kind = kindOf(get("Class"), state, get("Seat"));
  const user = get("Name") ?? get("User");
  const graphical = isGraphical(get("Type"));
  const terminal = graphical ? undefined : terminalOf(properties, answer);
  const name = graphical ? (get("Display") ?? get("TTY")) : (terminal ?? get("TTY") ?? get("Display"));
  const logonTime = logonTimeOf(properties);
  const idleMs = idleMsOf(properties, answer.nowSeconds);
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(terminal === undefined ? {} : { terminal }),
    ...(user === undefined ? {} : { user: withoutDomain(user) }),
    userCertain: get("Name") !== undefined && isReadable(user ?? ""),
    kind,
    state: state === "active" || state === "online" ? "active" : "other",
    stateText: state,
    ...(logonTime === undefined ? {} : { logonTime }),
    ...(idleMs === undefined ? {} : { idleMs }),
    own: id === (answer.ownId || groups.sessionOf.get(answer.selfPid)),
  };
}

/**
 * Only classes of users are people: `user`, and its newer variants (`user-early` is root's since v256, when a login of root is no
 * longer `user`). Greeters, managers, lock screens and background jobs are services, and so is every class that we do not know.
 * A session at a seat is at the machine's own screen, which Windows calls the console; xrdp and SSH have no seat.
 */
function kindOf(sessionClass: string | undefined, state: string, seat: string | undefined): SessionKind {
  if (!/^user(-|$)/u.test(sessionClass ?? "")) return "services";
  if (state === "closing") return "leftover";
  return seat === undefined ? "user" : "console";
}

function isGraphical(type: string | undefined): boolean {
  return type !== undefined && ["x11", "wayland", "mir"].includes(type);
}

function terminalOf(properties: Properties, answer: Answer): string | undefined {
  const known = checkedTerminal(properties.get("TTY"));
  if (known !== undefined || properties.get("TTY") || properties.get("Display")) return known;
  const leader = Number(properties.get("Leader") ?? 0);
  return leader > 0 ? terminalBelow(leader, readProcesses(answer.processes)) : undefined;
}

/** Both together: timestamps have seconds only, and after a restart a process may lead a session of the same number. */
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

/** winbind prints `DOMAIN\user`. As on Windows the domain is dropped, so that `except: { users: ["svc-*"] }` protects. */
function withoutDomain(user: string): string {
  return user.slice(user.lastIndexOf("\\") + 1);
}

function isReadable(user: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\ufffd\u0000-\u001f\u007f-\u009f]/u.test(user);
}

/**
 * Sessions that are in no list any more while some of their processes live on: elogind forgets a session as soon as it
 * asked it to end (seen with 246), where systemd-logind shows it as closing.
 */
function leftBehind(answer: Answer, { counts }: Groups): SessionList {
  const listed = new Set([
    ...answer.shown.filter(({ code }) => code === 0).map(({ id }) => id),
    ...answer.still,
  ]);
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

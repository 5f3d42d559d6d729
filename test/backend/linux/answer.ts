import assert from "node:assert/strict";
import { cksum } from "../../../provider/backend/linux/cksum";
import { readListAnswer } from "../../../provider/backend/linux/list-answer";
import { fixtureNames, linuxFolder, readLinuxFixture } from "../fixtures";

/** Answers to our list command, built from sessions that real hosts showed. */

/** The time on the host when it answers. */
const nowSeconds = 1_795_412_301;

/** The properties of every session in the recorded listings. */
export function recordedSessions(): readonly (readonly string[])[] {
  return fixtureNames(linuxFolder).flatMap(sessionsOf);
}

/** The properties of the only session in a recorded listing. */
export function recordedSession(name: string): readonly string[] {
  const [session, another] = sessionsOf(name);
  assert.ok(session !== undefined && another === undefined, `${name} does not hold one session`);
  return session;
}

/** Empty for a listing that is expected to be refused. */
function sessionsOf(name: string): readonly (readonly string[])[] {
  const { list, expect } = readLinuxFixture(name);
  if (expect.sessions === undefined) return [];
  const listing = readListAnswer(list.stdout);
  if (typeof listing === "string") throw new Error(`${name}: ${listing}`);
  return listing.shown.filter(({ outcome }) => outcome === "shown").map(({ lines }) => lines);
}

export interface Parts {
  readonly shown: readonly (readonly [
    id: string,
    lines: readonly string[],
    outcome?: "shown" | "ended" | "failed",
  ])[];
  /** Sessions that only the second list contains. */
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

/** Replaces some properties; undefined removes a property, since loginctl omits empty ones. */
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

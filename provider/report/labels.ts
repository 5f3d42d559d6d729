import type { KeepReason } from "../session/select";
import { type HostReport, type SessionOutcome, countSessions } from "./report";

const reasons: Readonly<Record<KeepReason, string>> = {
  "own-session": "our own connection",
  "no-user": "nobody is logged on",
  "not-selected": "not selected",
  excepted: "excepted",
  console: "the console",
  "idle-unknown": "idle time unknown",
  "no-longer-matches": "no longer matches",
  "arrived-later": "arrived later",
  "not-warned": "could not be warned",
};

/** What became of a session, for people: `logged off`, `kept: excepted`, `still present`. */
export function describeOutcome(one: SessionOutcome): string {
  switch (one.outcome) {
    case "logged-off":
      return "logged off";
    case "left":
      return "left";
    case "already-gone":
      return "already gone";
    case "kept":
      return `kept: ${reasons[one.reason]}`;
    case "still-present":
      return one.tolerated === true ? "still present, tolerated" : "still present";
    case "failed":
      return `failed: ${one.code}`;
    case "would-log-off":
      return one.onlyWarned === true ? "would be warned" : "would be logged off";
    case "listed":
      return "listed";
  }
}

/** The sessions of a host in a few words: `3 logged off, 1 kept`; empty when there are none. */
export function describeCounts(host: HostReport): string {
  const counts = countSessions(host);
  const taken = host.sessions.filter((one) => one.outcome === "would-log-off");
  const onlyWarned = taken.filter((one) => one.onlyWarned === true).length;
  const listed = host.sessions.filter(({ outcome }) => outcome === "listed").length;
  const parts: readonly (readonly [number, string])[] = [
    [taken.length - onlyWarned, "would be logged off"],
    [onlyWarned, "would be warned"],
    [counts.loggedOff, "logged off"],
    [counts.left, "left"],
    [counts.alreadyGone, "already gone"],
    [counts.failedSessions, "failed"],
    [counts.stillPresent, "still present"],
    [counts.notFound, "not found"],
    [listed, "listed"],
    [counts.kept, "kept"],
  ];
  return parts.flatMap(([count, words]) => (count > 0 ? [`${count} ${words}`] : [])).join(", ");
}

/**
 * `active`, `disconnected`, `connected` (a client and nobody logged on) or `other`; never the word that the host
 * printed, which is in its language.
 */
export function stateWord({ session }: SessionOutcome): string {
  if (session.state !== "other") return session.state;
  return session.user === undefined && session.name !== undefined ? "connected" : "other";
}

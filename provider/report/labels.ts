import type { KeepReason } from "../session/select";
import { type DrainOutcome, type HostReport, type SessionOutcome, countSessions } from "./report";

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

/** Why a session is kept, in words: `our own connection`. */
export function describeReason(reason: KeepReason): string {
  return reasons[reason];
}

/** The outcome of a session as text: `logged off`, `kept: excepted`, `still present`. */
export function describeOutcome(result: SessionOutcome): string {
  switch (result.outcome) {
    case "logged-off":
      return "logged off";
    case "left":
      return "left";
    case "already-gone":
      return "already gone";
    case "kept":
      return `kept: ${describeReason(result.reason)}`;
    case "still-present":
      return result.tolerated === true ? "still present, tolerated" : "still present";
    case "failed":
      return `failed: ${result.code}`;
    case "would-log-off":
      return result.onlyWarned === true ? "would be warned" : "would be logged off";
    case "listed":
      return "listed";
  }
}

/** Whether a host takes new logons after a run, as text; undefined for one that was not drained. */
export function describeDrain(drained: DrainOutcome): string | undefined {
  const words = {
    no: undefined,
    "until-restart": "refuses new logons until it restarts",
    "until-destroy": "refuses new logons until it is undrained",
    undrained: "accepts new logons again",
    already: "refused new logons before the run",
  } as const;
  return words[drained];
}

/** The sessions of a host by outcome: `3 logged off, 1 kept`; empty without sessions. */
export function describeCounts(host: HostReport): string {
  const counts = countSessions(host);
  const selected = host.sessions.filter((result) => result.outcome === "would-log-off");
  const onlyWarned = selected.filter((result) => result.onlyWarned === true).length;
  const listed = host.sessions.filter(({ outcome }) => outcome === "listed").length;
  const parts: readonly (readonly [number, string])[] = [
    [selected.length - onlyWarned, "would be logged off"],
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
 * The state of a session: `active`, `disconnected`, `connected` (a client without a logged-on user) or `other`; never the host's own
 * word, which depends on its language.
 */
export function stateWord({ session }: SessionOutcome): string {
  if (session.state !== "other") return session.state;
  return session.user === undefined && session.name !== undefined ? "connected" : "other";
}

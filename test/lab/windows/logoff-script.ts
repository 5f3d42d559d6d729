import { win32, type LogoffBehavior, type Win32Error } from "./session-model";

/** The result for the command, and how long it waits for it. */
export interface Answer {
  readonly error: 0 | Win32Error;
  readonly waitMs: number | "for-ever";
}

/** The effect of a logoff: its answer, and whether the session is unchanged, gone, or closing for a while. */
export interface LogoffEffect {
  readonly answer: Answer;
  readonly session?: "gone" | { readonly closesInMs: number; readonly blank: boolean };
}

export const done: Answer = { error: 0, waitMs: 0 };

export function refused(error: Win32Error): Answer {
  return { error, waitMs: 0 };
}

/** Simulates attempt `tries` (from 1) to log off a session, `sinceFirstMs` milliseconds after the first. */
export function playLogoff(behavior: LogoffBehavior, tries: number, sinceFirstMs: number): LogoffEffect {
  switch (behavior.kind) {
    case "instant":
      return { answer: done, session: "gone" };
    case "closes":
      return {
        answer: behavior.waits === true ? { error: 0, waitMs: behavior.ms } : done,
        session: { closesInMs: behavior.ms, blank: true },
      };
    case "denied":
      return tries > (behavior.times ?? Infinity)
        ? { answer: done, session: "gone" }
        : { answer: refused(behavior.error ?? win32.accessDenied) };
    case "busy": {
      const times = behavior.times ?? (behavior.ms === undefined ? 1 : Infinity);
      const over = tries > times || sinceFirstMs >= (behavior.ms ?? Infinity);
      return over
        ? playLogoff(behavior.then ?? { kind: "instant" }, tries, sinceFirstMs)
        : { answer: refused(behavior.error ?? win32.sessionBusy) };
    }
    case "stuck":
      return { answer: done, session: { closesInMs: Infinity, blank: behavior.shows !== "user" } };
    case "ignored":
      return { answer: done };
    case "blocks": {
      const answer: Answer = { error: 0, waitMs: "for-ever" };
      const ms = behavior.closesAfterMs;
      return ms === undefined ? { answer } : { answer, session: { closesInMs: ms, blank: true } };
    }
  }
}

import { win32, type LogoffBehaviour, type Win32Error } from "./session-model";

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
export function playLogoff(behaviour: LogoffBehaviour, tries: number, sinceFirstMs: number): LogoffEffect {
  switch (behaviour.kind) {
    case "instant":
      return { answer: done, session: "gone" };
    case "closes":
      return {
        answer: behaviour.waits === true ? { error: 0, waitMs: behaviour.ms } : done,
        session: { closesInMs: behaviour.ms, blank: true },
      };
    case "denied":
      return tries > (behaviour.times ?? Infinity)
        ? { answer: done, session: "gone" }
        : { answer: refused(behaviour.error ?? win32.accessDenied) };
    case "busy": {
      const times = behaviour.times ?? (behaviour.ms === undefined ? 1 : Infinity);
      const over = tries > times || sinceFirstMs >= (behaviour.ms ?? Infinity);
      return over
        ? playLogoff(behaviour.then ?? { kind: "instant" }, tries, sinceFirstMs)
        : { answer: refused(behaviour.error ?? win32.sessionBusy) };
    }
    case "stuck":
      return { answer: done, session: { closesInMs: Infinity, blank: behaviour.shows !== "user" } };
    case "ignored":
      return { answer: done };
    case "blocks": {
      const answer: Answer = { error: 0, waitMs: "for-ever" };
      const ms = behaviour.closesAfterMs;
      return ms === undefined ? { answer } : { answer, session: { closesInMs: ms, blank: true } };
    }
  }
}

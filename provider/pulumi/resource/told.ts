import type { Clock } from "../../base/clock";
import type { LogoffError } from "../../base/errors";
import type { ProgressEvent } from "../../report/events";
import {
  type AskedSession,
  type DrainOutcome,
  type HostReport,
  type WarnedSession,
  blankReport,
} from "../../report/report";
import type { Session } from "../../session/session";
import { askedOf, ourDrain, warnedOf, type Known } from "./state";

/** What the events of a run have told so far: what is known of hosts when nobody can wait for their reports. */
export interface Told {
  readonly hear: (event: ProgressEvent) => void;
  /** A report for every host: its own, or one that says what was told and that it was not finished because of `error`. */
  readonly reports: (error: LogoffError) => readonly HostReport[];
}

interface HostStory {
  platform: HostReport["platform"];
  readonly startedAtMs: number;
  drained?: DrainOutcome;
  warned: readonly WarnedSession[];
  asked: readonly AskedSession[];
  report?: HostReport;
}

/** Records a run of these hosts from its events. Previous runs may have drained some of them and warned users. */
export function listenTo(labels: Iterable<string>, known: Known, clock: Clock): Told {
  const stories = new Map<string, HostStory>();
  const earlier = (host: string): Pick<HostStory, "warned" | "asked"> => {
    const entries = known.resume.get(host);
    return { warned: warnedOf(entries), asked: askedOf(entries) };
  };
  const story = (host: string): HostStory => {
    const begun = stories.get(host) ?? {
      platform: null,
      startedAtMs: clock.now(),
      ...earlier(host),
    };
    stories.set(host, begun);
    return begun;
  };
  return {
    hear: (event) => {
      switch (event.type) {
        case "host-started":
          story(event.host);
          return;
        case "host-connected":
          story(event.host).platform = event.platform;
          return;
        // It may be in force from the moment on at which it is sent.
        case "host-draining":
          story(event.host).drained = event.mode;
          return;
        case "host-drained":
          story(event.host).drained = event.drained;
          return;
        // As in the run itself: nobody is warned twice because the answer was not waited for.
        case "session-warning": {
          const one = story(event.host);
          one.warned = withWarning(one.warned, event.session, event.reminderMs, clock.date());
          return;
        }
        case "session-warned":
          if (!event.counts) forgetWarning(story(event.host), event.session);
          return;
        case "warning-withdrawn":
          forgetWarning(story(event.host), event.session);
          return;
        case "clock-changed": {
          const one = story(event.host);
          one.warned = one.warned.map((warned) => withTimeOf(warned, event.sessions));
          one.asked = one.asked.map((asked) => withTimeOf(asked, event.sessions));
          return;
        }
        // As with drains: it may take effect from the moment that it is sent.
        case "session-logoff-sent":
          story(event.host).asked = withAsked(story(event.host).asked, event.session);
          return;
        case "session-gone": {
          const one = story(event.host);
          one.asked = without(one.asked, event.session);
          return;
        }
        case "host-finished":
          story(event.host).report = event.report;
          return;
        case "run-started":
        case "host-listed":
        case "grace-started":
        case "session-left":
        case "session-reset":
        case "host-waiting":
        case "run-finished":
          return;
      }
    },
    reports: ({ code, message }) =>
      [...labels].map((host) => {
        const begun = stories.get(host);
        if (begun?.report !== undefined) return begun.report;
        return {
          ...blankReport(host),
          platform: begun?.platform ?? null,
          status: begun === undefined ? "skipped" : "failed",
          error: { code, message },
          drained: begun?.drained ?? ourDrain(known.hosts.get(host)) ?? "no",
          durationMs: begun === undefined ? 0 : Math.round(clock.now() - begun.startedAtMs),
          contacted: begun !== undefined,
          ...(begun === undefined ? earlier(host) : { warned: begun.warned, asked: begun.asked }),
        };
      }),
  };
}

/** The first warning of a session starts its grace period; what follows are reminders. */
function withWarning(
  warned: readonly WarnedSession[],
  session: Session,
  reminderMs: number | undefined,
  at: Date,
): readonly WarnedSession[] {
  const before = entryOf(warned, session);
  const others = without(warned, session);
  if (before !== undefined && reminderMs !== undefined) {
    return [...others, { ...before, remindersMs: [...before.remindersMs, reminderMs] }];
  }
  return [...others, { ...identityOf(session), warnedAt: at.toISOString(), remindersMs: [] }];
}

function withAsked(asked: readonly AskedSession[], session: Session): readonly AskedSession[] {
  return [...without(asked, session), { ...identityOf(session), logoffSent: true }];
}

function identityOf({ id, user = "", logonTime }: Session): Identity & { readonly logonTime?: string } {
  return { id, user, ...(logonTime === undefined ? {} : { logonTime }) };
}

/** The next run compares times with those that the host prints then. */
function withTimeOf<T extends Identity>(entry: T, sessions: readonly Session[]): T {
  const row = sessions.find((session) => entryOf([entry], session) !== undefined);
  return row?.logonTime === undefined ? entry : { ...entry, logonTime: row.logonTime };
}

function forgetWarning(one: HostStory, session: Session): void {
  one.warned = without(one.warned, session);
}

interface Identity {
  readonly id: string;
  readonly user: string;
}

function entryOf<T extends Identity>(entries: readonly T[], { id, user = "" }: Session): T | undefined {
  return entries.find((one) => one.id === id && one.user.toLowerCase() === user.toLowerCase());
}

function without<T extends Identity>(entries: readonly T[], session: Session): readonly T[] {
  const before = entryOf(entries, session);
  return entries.filter((one) => one !== before);
}

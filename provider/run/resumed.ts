/** What the notes of an interrupted run mean for the run that goes on with it. Pure. */
import type { ErrorCode } from "../base/errors";
import type { AskedSession, HostReport, SessionOutcome, WarnedSession } from "../report/report";
import { isSamePerson, isSameSession, type Session } from "../session/session";
import { isDrainedByUs, saysGone, type HostRun, type PreviousRun } from "./host/state";
import type { HostNote, Note, NotedSession } from "./journal";

/** How far the command of a wave has come. */
export type CommandProgress = "began" | "ended";

/** What an interrupted run leaves to the next. */
export interface Resumed {
  /** Hosts that are done or have failed by themselves; they are not contacted again. */
  readonly done: ReadonlyMap<string, HostRun>;
  /** What was done on hosts that are not. */
  readonly previous: ReadonlyMap<string, PreviousRun>;
  /** Hosts that are back after the command of their wave. */
  readonly back: ReadonlySet<string>;
  /** How far the command of its wave has come for each host. */
  readonly commands: ReadonlyMap<string, CommandProgress>;
  /** The hosts that rejected a login with a password since one was accepted. */
  readonly rejectedBy: readonly string[];
}

/** Errors that only the end of the whole run can cause. */
const leftUndone: readonly ErrorCode[] = [
  "aborted",
  "journal-failed",
  "budget-exceeded",
  "then-failed",
  "outside-window",
];

/** Whether an interrupted run has begun with a host. */
export function hasBegun({ done, previous }: Resumed, label: string): boolean {
  const { selected, drained } = previous.get(label) ?? {};
  return done.has(label) || selected !== undefined || drained !== undefined;
}

/** Reads the notes of a run in their order. */
export function resumedFrom(notes: readonly Note[]): Resumed {
  const hosts = new Map<string, HostFacts>();
  const commands = new Map<string, CommandProgress>();
  const back = new Set<string>();
  const done = new Map<string, HostRun>();
  let rejectedBy: readonly string[] = [];
  for (const note of notes) {
    switch (note.note) {
      case "command":
      case "command-ended":
        for (const host of note.hosts) commands.set(host, note.note === "command" ? "began" : "ended");
        break;
      case "rejected":
        rejectedBy = [...rejectedBy, note.host];
        break;
      case "accepted":
        rejectedBy = [];
        break;
      case "back":
        back.add(note.host);
        break;
      case "done":
        if (note.isCutShort === true || isLeftUndone(note.run.report))
          hosts.set(note.host, factsOf(note.run, hosts.get(note.host)));
        else done.set(note.host, note.run);
        break;
      case "selected":
      case "drain":
      case "drained":
      case "warn":
      case "warned":
      case "withdrawn":
      case "logoff":
      case "reset":
      case "unsent": {
        // A run that goes on with a host knows what was done there before.
        const facts = hosts.get(note.host) ?? noFacts();
        hosts.set(note.host, facts);
        learn(facts, note);
      }
    }
  }
  const previous = [...hosts].flatMap(([host, facts]) =>
    done.has(host) ? [] : [[host, previousOf(facts)] as const],
  );
  return { done, previous: new Map(previous), back, commands, rejectedBy };
}

/** Whether only the end of the whole run left a host undone, so that a run that goes on runs it. */
export function isLeftUndone({ status, error }: Pick<HostReport, "status" | "error">): boolean {
  return status === "skipped" || (error !== undefined && leftUndone.includes(error.code));
}

interface HostFacts {
  /** Undefined: nobody was selected yet. */
  selected: readonly Session[] | undefined;
  readonly finished: readonly SessionOutcome[];
  drained: PreviousRun["drained"];
  warned: WarnedSession[];
  asked: AskedSession[];
  /** Whether the logoff that was noted last for a session is the first. */
  readonly isFirst: Map<string, boolean>;
}

function noFacts(): HostFacts {
  return { selected: undefined, finished: [], drained: undefined, warned: [], asked: [], isFirst: new Map() };
}

/** What the report of a host says. Who was selected is known from before, since a run may end before it lists the host. */
function factsOf(
  { report: { drained, warned, asked = [], sessions } }: HostRun,
  before: HostFacts | undefined,
): HostFacts {
  const kept = sessions.filter(({ outcome }) => outcome === "kept");
  return {
    ...noFacts(),
    selected: before?.selected?.filter((session) => !kept.some((one) => isSameSession(one.session, session))),
    finished: sessions.filter(saysGone),
    drained: isDrainedByUs(drained) ? drained : undefined,
    warned: [...warned],
    asked: [...asked],
  };
}

type Fact = Exclude<HostNote, { readonly note: "rejected" | "accepted" | "done" | "back" }>;

function learn(facts: HostFacts, fact: Fact): void {
  switch (fact.note) {
    case "selected":
      facts.selected = fact.sessions;
      return;
    case "drain":
      // From now on it may be in force.
      facts.drained = fact.mode;
      return;
    case "drained":
      facts.drained = isDrainedByUs(fact.drained) ? fact.drained : undefined;
      return;
    case "warn": {
      const { session, reminderMs } = fact;
      if (reminderMs === undefined) return;
      facts.warned = facts.warned.map((one) =>
        isSamePerson(one, session) ? { ...one, remindersMs: [...one.remindersMs, reminderMs] } : one,
      );
      return;
    }
    case "warned": {
      const { session, at } = fact;
      facts.warned = [...without(facts.warned, session), { ...session, warnedAt: at, remindersMs: [] }];
      return;
    }
    case "withdrawn":
      facts.warned = without(facts.warned, fact.session);
      return;
    case "logoff":
    case "reset": {
      const { session } = fact;
      // With another logon time it is a new session, whose predecessor was logged off.
      facts.isFirst.set(
        keyOf(session),
        !facts.asked.some((one) => isSamePerson(one, session) && one.logonTime === session.logonTime),
      );
      facts.asked = [...without(facts.asked, session), { ...session, logoffSent: true }];
      return;
    }
    case "unsent":
      if (facts.isFirst.get(keyOf(fact.session)) === true) facts.asked = without(facts.asked, fact.session);
  }
}

function previousOf({ selected, finished, drained, warned, asked }: HostFacts): PreviousRun {
  return {
    ...(selected === undefined ? {} : { selected }),
    finished,
    ...(drained === undefined ? {} : { drained }),
    warned,
    asked,
  };
}

function keyOf({ id, user }: NotedSession): string {
  return `${id} ${user.toLowerCase()}`;
}

function without<S extends NotedSession>(sessions: readonly S[], session: NotedSession): S[] {
  return sessions.filter((one) => !isSamePerson(one, session));
}

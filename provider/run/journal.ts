/** What is written down of a run, so that another process can go on with it after this one was killed. */
import type { Drain } from "../backend/backend";
import { LogoffError } from "../base/errors";
import type { DrainOutcome } from "../report/report";
import type { Session } from "../session/session";
import type { HostRun } from "./host/state";

/** A session as its host printed it last, so that the next process can compare. */
export interface NotedSession {
  readonly id: string;
  readonly user: string;
  readonly logonTime?: string;
}

/** A note about a host, by its label. */
export type HostNote = { readonly host: string } &
  /** The sessions that were selected first. */
  (
    | { readonly note: "selected"; readonly sessions: readonly Session[] }
    /** A drain is about to be set. */
    | { readonly note: "drain"; readonly mode: Drain }
    /** What became of a drain: set, not set, or lifted. */
    | { readonly note: "drained"; readonly drained: DrainOutcome }
    /** A warning or a reminder is about to be sent. A reminder counts from now on. */
    | { readonly note: "warn"; readonly session: NotedSession; readonly reminderMs?: number }
    /** The first warning was answered, or counts although it was not. */
    | { readonly note: "warned"; readonly session: NotedSession; readonly at: string }
    /** The user was told that the logoff is cancelled, and has to be warned again. */
    | { readonly note: "withdrawn"; readonly session: NotedSession }
    /** A command is about to be sent. */
    | { readonly note: "logoff" | "reset"; readonly session: NotedSession }
    /** The command that was noted last for the session was not sent. Never without that note before it. */
    | { readonly note: "unsent"; readonly session: NotedSession }
    /** The host rejected a login with a password, or accepted one after others had rejected theirs. */
    | { readonly note: "rejected" | "accepted" }
    /** The run of the host has ended. A later note replaces it, such as after a wait for its restart. */
    | {
        readonly note: "done";
        readonly run: HostRun;
        /** Whether the host failed because the whole run was ended. Absent: its error tells. */
        readonly isCutShort?: true;
      }
    /** The host is back after the command of its wave. */
    | { readonly note: "back" }
  );

/** A note about a wave. */
export interface WaveNote {
  /** The command of the wave is about to run, or has succeeded. */
  readonly note: "command" | "command-ended";
  /** From 1. */
  readonly wave: number;
  /** The labels of the hosts that it is given: in the next process they may be in another wave. */
  readonly hosts: readonly string[];
}

export type Note = HostNote | WaveNote;

/** Where a run writes its notes. */
export interface Journal {
  /**
   * Resolves when the note, and every note before it, is kept for good. Only then what it announces may be done.
   * @throws LogoffError `journal-failed`
   */
  write(note: Note): Promise<void>;
  /** Adds a note that nothing waits for. It is kept as soon as may be, and before the next one that is written. Never throws. */
  add(note: Note): void;
}

/** The note that the run of a host has ended. @param reason why nothing may be changed any more; undefined: the run goes on */
export function doneNote(run: HostRun, reason: LogoffError | undefined): HostNote {
  const { host, error } = run.report;
  const isCutShort = error !== undefined && error.code === reason?.code;
  return { note: "done", host, run, ...(isCutShort ? { isCutShort } : {}) };
}

/** No journal: notes go nowhere, and nothing waits for them. */
export const noJournal: Journal = { write: () => Promise.resolve(), add: () => undefined };

/** The same journal, which ends the run through `end` when a note cannot be written: what is not noted must not be done. */
export function endingWith(journal: Journal, end: AbortController): Journal {
  if (journal === noJournal) return journal;
  return {
    ...journal,
    write: (note) =>
      journal.write(note).catch((thrown: unknown) => {
        const error =
          thrown instanceof LogoffError
            ? thrown
            : new LogoffError("journal-failed", "Cannot write the journal");
        end.abort(error);
        throw error;
      }),
  };
}

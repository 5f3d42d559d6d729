/** The journal of the command: a header that says which run it is of, then its notes. */
import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { asLogoffError, LogoffError } from "../base/errors";
import { canonical, isRecord } from "../base/records";
import { printable } from "../base/text";
import { checkWritable } from "../files/atomic-file";
import { createJournalFile, openJournalFile, type JournalFile } from "../files/journal-file";
import type { Plan } from "../plan/plan";
import type { Journal, Note } from "../run/journal";
import { resumedFrom, type Resumed } from "../run/resumed";
import type { WholeRequest } from "./arguments/request";
import type { RunRequest } from "./arguments/run-request";

/** The version of the form of the file. A new kind of note is a new version. */
const formVersion = 1;

/** What must be the same when a run goes on, by the options that set it. */
type Fingerprint = Readonly<Record<string, string>>;

interface Header {
  readonly journal: typeof formVersion;
  readonly startedAt: string;
  readonly plan: Fingerprint;
}

/** A journal that is open, and what it holds of an interrupted run. */
export interface OpenJournal {
  readonly journal: Journal;
  /** Absent: the journal is new. */
  readonly interrupted?: { readonly startedAt: string; readonly resumed: Resumed };
  /** Resolves when every note is written; to the error if one could not be. Never rejects. */
  readonly close: () => Promise<LogoffError | undefined>;
}

/** What a journal is compared by. */
export type RunOfJournal = Pick<WholeRequest, "plan" | "thenUndrainMs"> & {
  readonly request: Pick<RunRequest, "then">;
};

/** Checks before anybody is asked that a new journal can be created. @throws LogoffError `journal-failed` */
export async function checkNewJournal(path: string): Promise<void> {
  await checkWritable(path);
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new LogoffError(
      "journal-failed",
      `Cannot create the journal "${printable(path, 500)}": it exists already; --resume goes on with it, or give a new file`,
    );
}

/** Creates the journal of a run. @throws LogoffError `journal-failed` */
export async function createJournal(path: string, run: RunOfJournal, startedAt: Date): Promise<OpenJournal> {
  return begun(await createJournalFile(path), run, startedAt);
}

async function begun(file: JournalFile, run: RunOfJournal, startedAt: Date): Promise<OpenJournal> {
  const header: Header = {
    journal: formVersion,
    startedAt: startedAt.toISOString(),
    plan: fingerprintOf(run),
  };
  try {
    await file.write(header);
  } catch (thrown) {
    await file.close();
    throw asLogoffError(thrown, "journal-failed", "Cannot write the journal");
  }
  return openOn(file);
}

/**
 * Opens the journal of an interrupted run. The journal of a run that was killed before it had written anything begins now.
 * @throws LogoffError `journal-failed`, also if it is the journal of another run
 */
export async function resumeJournal(path: string, run: RunOfJournal, now: Date): Promise<OpenJournal> {
  const { lines, torn, file } = await openJournalFile(path);
  try {
    if (lines.length === 0 && isHeaderStart(torn)) return await begun(file, run, now);
    const [header, ...notes] = lines;
    const startedAt = startOfSame(path, header, fingerprintOf(run));
    const strange = notes.findIndex((note) => !isNote(note));
    if (strange >= 0) throw refused(path, `line ${strange + 2} is damaged`);
    return { ...openOn(file), interrupted: { startedAt, resumed: resumedFrom(notes.filter(isNote)) } };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** The hosts that an interrupted run has not finished. */
export function unfinishedHosts({ hosts }: Plan, resumed: Resumed | undefined): ReadonlySet<string> {
  return new Set(hosts.flatMap(({ host }) => (resumed?.done.has(host.label) === true ? [] : [host.label])));
}

function openOn(file: JournalFile): OpenJournal {
  let failure: LogoffError | undefined;
  return {
    journal: {
      write: (note) => file.write(note),
      // A failure lasts: the next note that is waited for fails too.
      add: (note) =>
        void file.write(note).catch((thrown: unknown) => {
          failure = asLogoffError(thrown, "journal-failed", "Cannot write the journal");
        }),
    },
    close: async () => {
      await file.close();
      return failure;
    },
  };
}

/** A file that holds something else must not be written over, even if it is only one line without an end. */
function isHeaderStart(text: string): boolean {
  const start = '{"journal":';
  return start.startsWith(text) || text.startsWith(start);
}

const isText = (value: unknown): boolean => typeof value === "string";
const isSession = (value: unknown): boolean =>
  isRecord(value) && isText(value["id"]) && isText(value["user"]);

/** The fields of each kind of note, without those that may be absent. */
const ofSession = { host: isText, session: isSession };
const fieldsOf: Readonly<Record<Note["note"], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  selected: { host: isText, sessions: Array.isArray },
  drain: { host: isText, mode: isText },
  drained: { host: isText, drained: isText },
  warn: ofSession,
  warned: { ...ofSession, at: isText },
  withdrawn: ofSession,
  logoff: ofSession,
  reset: ofSession,
  unsent: ofSession,
  rejected: { host: isText },
  accepted: { host: isText },
  done: { host: isText, run: (run) => isRecord(run) && isRecord(run["report"]) },
  back: { host: isText },
  command: { wave: Number.isInteger, hosts: Array.isArray },
  "command-ended": { wave: Number.isInteger, hosts: Array.isArray },
};

function isNote(line: unknown): line is Note {
  if (!isRecord(line)) return false;
  const fields = Object.entries(fieldsOf).find(([note]) => note === line["note"])?.[1];
  return fields !== undefined && Object.entries(fields).every(([field, isValid]) => isValid(line[field]));
}

/** When the run of a journal began. @throws LogoffError `journal-failed` if it is another run */
function startOfSame(path: string, header: unknown, plan: Fingerprint): string {
  const {
    journal,
    startedAt,
    plan: before,
  }: Readonly<Record<string, unknown>> = isRecord(header) ? header : {};
  if (typeof journal !== "number") throw refused(path, "it is not a journal of this command");
  if (journal > formVersion)
    throw refused(path, "a newer version of this command wrote it: use that version");
  if (journal !== formVersion || !isRecord(before) || typeof startedAt !== "string")
    throw refused(path, "it is not a journal of this command");
  const differing = Object.keys(plan).filter((name) => before[name] !== plan[name]);
  if (differing.length > 0)
    throw refused(
      path,
      `it is of another run, which differs in ${differing.join(", ")}: repeat the options of that run`,
    );
  return startedAt;
}

function refused(path: string, why: string): LogoffError {
  return new LogoffError("journal-failed", `Cannot go on with the journal "${printable(path, 500)}": ${why}`);
}

/** Digests: the command of `--then` may hold a token. */
function fingerprintOf({ plan, thenUndrainMs, request: { then } }: RunOfJournal): Fingerprint {
  const { hosts, rollout } = plan;
  const parts: Readonly<Record<string, unknown>> = {
    "the hosts": hosts.map(({ host }) => host.label),
    "the selection": hosts.map(({ selector }) => selector),
    "--drain": plan.drain,
    "--warn, --grace or --remind": plan.warn,
    "--wait-only": plan.atDeadline,
    "--stuck": plan.ifStuck,
    "--if-missing": [plan.ifMissing, plan.ifArrived],
    "--limit or --limit-per-host": plan.limits,
    "--waves": rollout.waves,
    "--max-failures": rollout.maxFailures,
    "--then, --then-undrain or --no-restart": [then?.command, then?.mustRestart, thenUndrainMs],
  };
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      createHash("sha256").update(canonical(part)).digest("base64url"),
    ]),
  );
}

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
  readonly resumed?: Resumed;
  readonly close: () => Promise<void>;
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
  return { journal: journalOn(file), close: () => file.close() };
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
    refuseOther(header, fingerprintOf(run));
    return {
      journal: journalOn(file),
      resumed: resumedFrom(notes.filter(isNote)),
      close: () => file.close(),
    };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** The hosts that an interrupted run has not finished. */
export function unfinishedHosts({ hosts }: Plan, resumed: Resumed | undefined): ReadonlySet<string> {
  return new Set(hosts.flatMap(({ host }) => (resumed?.done.has(host.label) === true ? [] : [host.label])));
}

function journalOn(file: JournalFile): Journal {
  return {
    write: (note) => file.write(note),
    // A failure lasts: the next note that is waited for fails too.
    add: (note) => void file.write(note).catch(() => undefined),
  };
}

/** A file that holds something else must not be written over, even if it is only one line without an end. */
function isHeaderStart(text: string): boolean {
  const start = '{"journal":';
  return start.startsWith(text) || text.startsWith(start);
}

function isNote(line: unknown): line is Note {
  return isRecord(line) && typeof line["note"] === "string";
}

function refuseOther(header: unknown, plan: Fingerprint): void {
  const { journal, plan: before }: Readonly<Record<string, unknown>> = isRecord(header) ? header : {};
  if (typeof journal !== "number" || !isRecord(before)) throw refused("it is not a journal of this command");
  if (journal > formVersion) throw refused("a newer version of this command wrote it: use that version");
  const differing = Object.keys(plan).filter((name) => before[name] !== plan[name]);
  if (differing.length > 0)
    throw refused(
      `it is of another run, which differs in ${differing.join(", ")}: repeat the options of that run`,
    );
}

function refused(why: string): LogoffError {
  return new LogoffError("journal-failed", `Cannot go on with the journal: ${why}`);
}

/** Digests: the command of `--then` may hold a token. */
function fingerprintOf({ plan, thenUndrainMs, request }: RunOfJournal): Fingerprint {
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
    "--then, --then-undrain or --no-restart": [request.then ?? null, thenUndrainMs],
  };
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      createHash("sha256").update(canonical(part)).digest("base64url"),
    ]),
  );
}

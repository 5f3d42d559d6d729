import type { Action, LogoffAnswer } from "../../backend/backend";
import { asLogoffError, LogoffError } from "../../base/errors";
import { describeSession } from "../../session/session";
import { beforeSend, reasonToStop, type RunContext } from "../context";
import { isAnswerLost } from "../host-connection";
import type { Note } from "../journal";
import type { DetectedHost } from "./detected-host";
import type { HostRecord } from "./record";
import type { Answer, Progress, SessionWork } from "./state";

/** The reason why a command is not sent: its session ended, or seems to be closing, while the command waited. */
const unwanted = new LogoffError("aborted", "It is no longer wanted", { sent: false });

/** Sends the logoff of a session, unless `isWanted` is false when its turn comes. Never rejects: an error becomes the answer. */
export async function sendLogoff(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  one: SessionWork,
  all: readonly SessionWork[],
  isWanted: () => boolean,
): Promise<void> {
  const denied = all.map(({ progress }) => progress.answer).find((answer) => answer?.kind === "denied");
  // One denied logoff is enough: no other is sent to this host.
  if (denied !== undefined) {
    if (one.progress.is === "waiting") one.progress = { is: "waiting", answer: denied };
    return;
  }
  const { clock, plan, onProgress } = run;
  const timeoutMs = Math.min(plan.timeouts.commandMs, plan.timeouts.logoffMs);
  const kept: Note[] = [];
  const noted = { note: "logoff", host: host.label, session: record.identityOf(one.session) } as const;
  const judge = (): void => {
    if (!isWanted()) throw unwanted;
    const isFirst = one.progress.is === "waiting";
    one.progress = { is: "asked", atMs: clock.now() };
    if (isFirst) onProgress({ type: "session-logoff-sent", host: host.label, session: one.session });
  };
  const onSend = beforeSend(run, noted, judge, kept);
  if (!isWanted()) return;
  const answer = await answerTo(run, host, () => host.backend.logOff(one.session), timeoutMs, onSend);
  if (!answer.isSent && kept.length > 0) run.journal.add({ ...noted, note: "unsent" });
  // The listing may have decided before the answer came, and the session is being reset.
  if (one.progress.is !== "reset") note(one, answer, { is: "waiting" });
}

/** Sends the reset of a session, in the same way as {@link sendLogoff}. */
export async function sendReset(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  one: SessionWork,
  isWanted: () => boolean,
): Promise<void> {
  const { clock, plan, onProgress } = run;
  const { label } = host;
  const kept: Note[] = [];
  const noted = { note: "reset", host: label, session: record.identityOf(one.session) } as const;
  const judge = (): void => {
    if (!isWanted()) throw unwanted;
    const isFirst = one.progress.is === "reset" && one.progress.atMs === null;
    one.progress = { is: "reset", atMs: clock.now() };
    if (!isFirst) return;
    onProgress({ type: "session-reset", host: label, session: one.session });
    record.warn(`Reset session ${describeSession(one.session)}: it did not end after the logoff`);
  };
  const onSend = beforeSend(run, noted, judge, kept);
  if (!isWanted()) return;
  const answer = await answerTo(
    run,
    host,
    () => host.backend.reset(one.session),
    plan.timeouts.commandMs,
    onSend,
  );
  if (!answer.isSent && kept.length > 0) run.journal.add({ ...noted, note: "unsent" });
  note(one, answer, { is: "reset", atMs: null });
}

/** The answer to a command; absent if it was not sent and its turn will come again. */
async function answerTo(
  run: RunContext,
  { connection }: DetectedHost,
  command: () => Action<LogoffAnswer>,
  timeoutMs: number,
  onSend: () => Promise<void>,
): Promise<{ readonly isSent: boolean; readonly answer?: Answer }> {
  try {
    return {
      isSent: true,
      answer: await connection.perform(command(), timeoutMs, { beforeSend: onSend, mayBlock: true }),
    };
  } catch (thrown) {
    const error = asLogoffError(thrown, "command-failed", "Cannot send the command");
    const isSent = error.sent !== false;
    const reason = isSent ? undefined : reasonToStop(run);
    if (reason !== undefined) {
      const { code, message } = reason;
      return { isSent, answer: { kind: "withheld", error: { code, message } } };
    }
    if (!isSent && (error === unwanted || isAnswerLost(error))) return { isSent };
    return {
      isSent,
      answer: isAnswerLost(error) ? { kind: "lost" } : { kind: "refused", detail: error.message },
    };
  }
}

/** Records an answer. `unsent` is the progress of a session whose command was not sent. */
function note(
  one: SessionWork,
  { isSent, answer }: { readonly isSent: boolean; readonly answer?: Answer },
  unsent: Progress,
): void {
  const { progress } = one;
  const answered = answer === undefined ? {} : { answer };
  // A listing may have decided before the answer came.
  if (progress.is === "done") one.progress = { ...progress, ...answered };
  else one.progress = { ...(isSent ? progress : unsent), ...answered };
}

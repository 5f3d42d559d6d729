import type { Drain } from "../../backend/backend";
import { asLogoffError, LogoffError } from "../../base/errors";
import { beforeSend, throwIfStopped, type RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import type { HostRecord } from "./record";
import { isDrainedByUs } from "./state";

/**
 * Drains a host, unless it already refuses new logons: then it is left as it is, for its owner to undo.
 * @returns whether anything was changed
 * @throws LogoffError `drain-failed`, `permission-denied`
 */
export async function drain(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  mode: Drain,
): Promise<boolean> {
  const { plan, onProgress } = run;
  const { backend, connection, label } = host;
  const { state } = record;
  const { previous } = state;
  const before = await connection.ask(backend.drainMode());
  // Our own drain of a previous run is still ours to undo.
  const isOurs = previous.drained !== undefined && before === previous.drained;
  if (isOurs && before === mode) {
    state.drained = before;
    return false;
  }
  if (before !== "open" && !isOurs) {
    if (before === "until-restart" || before === "until-destroy") record.warn(notKnownToBeOurs(before, host));
    state.drained = "already";
    onProgress({ type: "host-drained", host: label, drained: "already" });
    return false;
  }
  throwIfStopped(run);
  // The host is opened first, because on Linux a drain never overwrites another.
  if (isOurs) await lift(host, previous.drained, plan.timeouts.commandMs);
  const onSend = beforeSend(run, { note: "drain", host: label, mode }, () => {
    // From now on the drain may be in force, whatever the answer.
    state.drained = mode;
  });
  await connection
    .perform(backend.drain(mode), plan.timeouts.commandMs, { beforeSend: onSend })
    .catch(async (thrown: unknown) => {
      const error = asLogoffError(thrown, "drain-failed", `Cannot drain "${label}"`);
      // A refusal does not prove that nothing was changed.
      const isRefused = error.code === "permission-denied" || error.code === "drain-failed";
      const isOpen =
        isRefused && (await connection.ask(backend.drainMode()).catch(() => undefined)) === "open";
      if (isOpen || error.sent === false) state.drained = "no";
      noteDrained(run, record);
      throw error;
    });
  const after = await connection.ask(backend.drainMode());
  if (after !== mode) {
    state.drained = after === "open" ? "no" : mode;
    noteDrained(run, record);
    throw new LogoffError(
      "drain-failed",
      `Cannot drain "${label}": it was told to refuse new logons, but its mode is "${after}"`,
    );
  }
  onProgress({ type: "host-drained", host: label, drained: mode });
  return true;
}

function noteDrained({ journal }: RunContext, { label, state: { drained } }: HostRecord): void {
  journal.add({ note: "drained", host: label, drained });
}

/** A killed run loses its state, including that it drained the host, so nobody would ever undrain it. */
function notKnownToBeOurs(mode: Drain, { backend }: DetectedHost): string {
  const lifted = backend.undrain().command;
  return `The host already refuses new logons (${mode}) and is left that way; if an interrupted run drained it, run "${lifted}" there to undrain it`;
}

/**
 * Undrains a host if it is still in the mode that we set. Never throws: a host that cannot be undrained stays marked as drained in the
 * record and gets a warning.
 */
export async function undrain(run: RunContext, host: DetectedHost, record: HostRecord): Promise<void> {
  const { plan, onProgress } = run;
  const { backend, label } = host;
  const { state } = record;
  const ours = state.drained;
  if (!isDrainedByUs(ours)) return;
  try {
    state.drained = await lift(host, ours, plan.timeouts.commandMs);
    noteDrained(run, record);
    onProgress({ type: "host-drained", host: label, drained: state.drained });
  } catch (thrown) {
    const error = asLogoffError(thrown, "drain-failed", "Cannot undrain it");
    const lifted = backend.undrain().command;
    record.warn(`The host still refuses new logons: ${error.message}; run again, or run "${lifted}" there`);
  }
}

/**
 * Lifts a drain.
 * @param ours the mode that we set, lifted only if the host is still in it; undefined: any drain is lifted
 * @returns `already` if somebody has changed the mode since, or still closes the host in another way; `no` if `ours` is undefined and the
 * host was open
 * @throws LogoffError `drain-failed`, `permission-denied`, and all errors of a query
 */
export async function lift(
  { backend, connection, label }: Pick<DetectedHost, "backend" | "connection" | "label">,
  ours: Drain | undefined,
  timeoutMs: number,
): Promise<"undrained" | "already" | "no"> {
  const before = await connection.ask(backend.drainMode());
  if (before === "open") return ours === undefined ? "no" : "undrained";
  // Somebody else has changed the mode since, so it is theirs.
  if (ours !== undefined && before !== ours) return "already";
  const failure = await connection
    .perform(backend.undrain(), timeoutMs)
    .catch((thrown: unknown) => asLogoffError(thrown, "drain-failed", `Cannot undrain "${label}"`));
  // The answer does not decide: on Linux our drain may be lifted while another file still refuses logons.
  const after = await connection.ask(backend.drainMode());
  if (after === "open") return "undrained";
  if (ours !== undefined && after === "other") return "already";
  if (failure instanceof LogoffError) throw failure;
  throw new LogoffError("drain-failed", `Cannot undrain "${label}": its mode is still "${after}"`);
}

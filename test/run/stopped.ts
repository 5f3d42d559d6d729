import assert from "node:assert/strict";
import type { ProgressEvent } from "../../provider/report/events";
import type { HostReport } from "../../provider/report/report";
import type { WindowsModel } from "../lab/windows/windows-model";

/** A host of a stopped run: what it saw, and the events that the run had reported before the stop. */
export interface StoppedHost {
  readonly model: WindowsModel;
  readonly commands: readonly string[];
  readonly toldBefore: readonly ProgressEvent[];
  readonly report: HostReport;
  /** The users logged on when the run began. */
  readonly people: readonly string[];
  readonly cancelMessage: string | undefined;
}

/**
 * Asserts that the stop was clean: nothing began after it, sent logoffs were verified, and an unfinished host was left as
 * found.
 */
export function proveStopped({
  model,
  commands,
  toldBefore,
  report,
  people,
  cancelMessage,
}: StoppedHost): void {
  const of = <T extends ProgressEvent["type"]>(type: T): Extract<ProgressEvent, { type: T }>[] =>
    toldBefore.filter(
      (event): event is Extract<ProgressEvent, { type: T }> =>
        event.type === type && "host" in event && event.host === report.host,
    );
  const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
  const asked = of("session-logoff-sent").map(({ session }) => session);
  const idsIn = (program: RegExp): string[] =>
    commands.flatMap((command) => program.exec(command)?.slice(1) ?? []);

  assert.deepEqual(idsIn(/^logoff\.exe (\d+)$/u).sort(), asked.map(({ id }) => id).sort(), "logged off");
  const reset = of("session-reset").map(({ session }) => session.id);
  assert.deepEqual(idsIn(/^rwinsta\.exe (\d+)$/u).sort(), reset.sort(), "reset");
  const drains = commands.filter((command) => command.startsWith("chglogon.exe /drain"));
  assert.equal(drains.length, of("host-draining").length, "drained");

  const warned = of("session-warning").map(({ session }) => session.user ?? "");
  const isCancel = ({ text }: { readonly text: string }): boolean => text === cancelMessage;
  const shown = model.messages();
  const warnings = shown.filter((message) => !isCancel(message));
  assert.deepEqual(sorted(warnings.map(({ user }) => user ?? "")), sorted(warned), "warned");
  const steps = warnings.map(({ id, text }) => `${id} ${text}`);
  assert.deepEqual(steps, [...new Set(steps)], "nobody is told the same twice");

  const left = new Set(model.departures().map(({ user }) => user ?? ""));
  const askedUsers = asked.map(({ user }) => user ?? "");
  for (const user of left) assert.ok(askedUsers.includes(user), `${user} was not asked to go`);
  assert.deepEqual([...model.people()].sort(), people.filter((user) => !left.has(user)).sort());
  const verified = report.sessions.filter(({ outcome }) => outcome === "logged-off");
  assert.deepEqual(sorted(verified.map(({ session }) => session.user ?? "")), sorted(left), "verified");

  const isDone = report.status === "ok";
  const hangs = askedUsers.some((user) => !left.has(user));
  if (!isDone) assert.equal(report.error?.code, hangs ? "session-stuck" : "aborted");
  assert.equal(model.drain(), isDone && of("host-draining").length > 0 ? "until-restart" : "open");
  if (cancelMessage === undefined) return;
  const inVain = warned.filter((user) => !askedUsers.includes(user));
  assert.deepEqual(
    shown
      .filter(isCancel)
      .map(({ user }) => user ?? "")
      .sort(),
    sorted(inVain),
    "told that nothing happens",
  );
}

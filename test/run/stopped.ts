import assert from "node:assert/strict";
import type { HostReport } from "../../provider/report/report";
import type { WindowsModel } from "../lab/windows/windows-model";

/** A host of a stopped run, and the commands that it had received before the stop and by the end. */
export interface StoppedHost {
  readonly model: WindowsModel;
  readonly commands: readonly string[];
  readonly commandsBefore: readonly string[];
  readonly report: HostReport;
  /** The users logged on when the run began. */
  readonly people: readonly string[];
  readonly cancelMessage: string | undefined;
}

/**
 * Asserts that the stop was clean: nothing began after it, sent logoffs were verified, and an unfinished host was left as
 * found.
 */
export function proveStopped(host: StoppedHost): void {
  const { model, commands, commandsBefore, report, people, cancelMessage } = host;
  const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
  const idsIn = (program: RegExp, some: readonly string[]): string[] =>
    some.flatMap((command) => program.exec(command)?.slice(1) ?? []).sort();
  const userOf = (id: string): string =>
    report.sessions.find(({ session }) => session.id === id)?.session.user ?? "";
  for (const program of [/^logoff\.exe (\d+)$/u, /^rwinsta\.exe (\d+)$/u, /^(chglogon\.exe \/drain.*)/u])
    assert.deepEqual(idsIn(program, commands), idsIn(program, commandsBefore), String(program));

  const warned = idsIn(/^msg\.exe (\d+) /u, commandsBefore);
  const isCancel = ({ text }: { readonly text: string }): boolean => text === cancelMessage;
  const shown = model.messages();
  const warnings = shown.filter((message) => !isCancel(message));
  assert.deepEqual(sorted(warnings.map(({ id }) => String(id))), sorted(warned), "warned");
  const steps = warnings.map(({ id, text }) => `${id} ${text}`);
  assert.deepEqual(steps, [...new Set(steps)], "nobody is warned twice with the same text");

  const left = new Set(model.departures().map(({ user }) => user ?? ""));
  const asked = idsIn(/^logoff\.exe (\d+)$/u, commands);
  const askedUsers = asked.map(userOf);
  for (const user of left) assert.ok(askedUsers.includes(user), `${user} was not asked to log off`);
  assert.deepEqual([...model.people()].sort(), people.filter((user) => !left.has(user)).sort());
  const verified = report.sessions.filter(({ outcome }) => outcome === "logged-off");
  assert.deepEqual(sorted(verified.map(({ session }) => session.user ?? "")), sorted(left), "verified");

  const isDone = report.status === "ok";
  const hangs = askedUsers.some((user) => !left.has(user));
  if (!isDone) assert.equal(report.error?.code, hangs ? "session-stuck" : "aborted");
  const wasDrained = idsIn(/^(chglogon\.exe \/drain.*)/u, commands).length > 0;
  assert.equal(model.drain(), isDone && wasDrained ? "until-restart" : "open");
  if (cancelMessage === undefined) return;
  const inVain = sorted(warned).filter((id) => !asked.includes(id));
  const told = shown.filter(isCancel).map(({ id }) => String(id));
  assert.deepEqual(told.sort(), inVain, "received the cancel message");
}

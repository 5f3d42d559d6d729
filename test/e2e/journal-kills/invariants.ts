/** What must be true of every story, judged by the lab's own record. */
import type { Line, Story } from "./runs";
import { exceptedUser } from "./scenario";
import type { Act, Logon } from "./stage";

interface ReportedSession {
  readonly id: string;
  readonly user: string | null;
  readonly outcome: string;
}

interface ReportedHost {
  readonly host: string;
  readonly status: string;
  readonly drained?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly sessions: readonly ReportedSession[];
}

interface FinalReport {
  readonly exitStatus: number;
  readonly hosts: readonly ReportedHost[];
}

/** All that is wrong with a story; empty: nothing. */
export function violationsIn(story: Story): readonly string[] {
  const last = story.processes.at(-1);
  if (last === undefined) return ["no process ran"];
  const report = reportIn(last.stdout);
  if (report === undefined || (last.status !== 0 && last.status !== 1))
    return [`the last process ended with ${last.status ?? "a signal"}: ${last.stderr.slice(0, 500)}`];
  return [
    ...untouchable(story),
    ...logoffsWithoutTime(story),
    ...repeatedLogoffs(story),
    ...repeatedMessages(story),
    ...forgottenDrains(story, report),
    ...wrongReport(story, report),
    ...contactedAgain(story),
    ...wrongCommands(story, report),
    ...story.leftFiles.map((name) => `8: ${name} is left`),
  ];
}

function reportIn(stdout: string): FinalReport | undefined {
  try {
    return JSON.parse(stdout) as FinalReport;
  } catch {
    return undefined;
  }
}

function who({ host, id, user }: Logon): string {
  return `${user} (${id}) on ${host}`;
}

/** The logons that a command reached although the listing before it could show that they must not be. */
function untouchable({ stage }: Story): readonly string[] {
  return stage.acts.flatMap((act) => {
    const { kind, logon } = act;
    if (logon === undefined || kind === "list" || kind === "other") return [];
    if (logon.user === exceptedUser) return [`1: "${act.command}" reached ${who(logon)}, who is excepted`];
    const listed = listingBefore(act, stage.acts);
    if (listed === undefined || logon.unmatchedSinceMs < listed.atMs)
      return [`1: "${act.command}" reached ${who(logon)}, who does not match any more`];
    return [];
  });
}

/** The last listing of the host by the same process; what happened after it the process cannot know. */
function listingBefore(act: Act, acts: readonly Act[]): Act | undefined {
  return acts
    .slice(0, acts.indexOf(act))
    .findLast(({ kind, host, process }) => kind === "list" && host === act.host && process === act.process);
}

function isEnding({ kind, logon }: Act): boolean {
  return (kind === "logoff" || kind === "reset") && logon !== undefined;
}

/**
 * Warnings whose answer was lost together with the connection, and which count as given all the same: that is the rule of the command, which
 * has no `ifUndelivered`. A process that is killed notes nothing of them.
 */
function lostWarnings(logon: Logon, { scenario, stage, journal, processes }: Story): readonly Act[] {
  const isLossy = scenario.hosts.some(({ losses }) => losses.length > 0);
  const isNotedBy = (process: number): boolean =>
    journal
      .slice(processes[process - 1]?.found.length, processes[process]?.found.length)
      .some((line) => line["note"] === "warned" && isAbout(line, logon, stage.labels));
  return stage.acts.filter(
    ({ kind, record, logon: whose, process }) =>
      isLossy &&
      kind === "warn" &&
      // The connection took others with it that were sent at the same time and never arrived.
      (record?.outcome === "dropped" || (record?.outcome === "killed" && whose === logon)) &&
      isNotedBy(process),
  );
}

function logoffsWithoutTime(story: Story): readonly string[] {
  const { scenario, stage } = story;
  const { warn } = scenario;
  if (warn === null) return [];
  return stage.acts.flatMap((act) => {
    const { logon } = act;
    if (!isEnding(act) || logon === undefined) return [];
    const listed = listingBefore(act, stage.acts);
    // Somebody who took over the ID between the listing and the logoff cannot be told from who had it.
    if (listed !== undefined && logon.fromMs > listed.atMs) return [];
    const told = [...logon.shown, ...lostWarnings(logon, story)].map(({ atMs }) => act.atMs - atMs);
    const longestMs = Math.max(-Infinity, ...told);
    return longestMs >= warn.graceMs
      ? []
      : [`2: ${who(logon)} was logged off ${Math.round(longestMs)} ms after the first message`];
  });
}

function repeatedLogoffs({ stage }: Story): readonly string[] {
  const logoffs = stage.acts.filter((act) => act.kind === "logoff" && act.logon !== undefined);
  return logoffs.flatMap((act, index) =>
    logoffs.slice(0, index).some((one) => one.logon === act.logon && one.process === act.process)
      ? [`3: process ${act.process} sent "${act.command}" to ${act.host} twice`]
      : [],
  );
}

function repeatedMessages(story: Story): readonly string[] {
  const { stage, processes } = story;
  const { warn } = story.scenario;
  if (warn === null) return [];
  const isFirst = (seconds: number | undefined): boolean => seconds === warn.graceMs / 1000;
  return stage.logons.flatMap((logon) => {
    const { shown } = logon;
    // The messages of Linux do not tell which they are; there are reminders in the same number.
    const isLinux = shown.some(({ seconds }) => seconds === undefined);
    const first = isLinux ? shown : shown.filter(({ seconds }) => isFirst(seconds));
    const reminders = shown.length - first.length;
    if (reminders > first.length + lostWarnings(logon, story).length)
      return [`4: ${who(logon)} was reminded ${reminders} times`];
    if (isLinux && warn.reminderMs !== undefined) return [];
    return first.flatMap(({ atMs }, index) => {
      const before = first[index - 1];
      if (before === undefined) return [];
      const killed = processes.findIndex(
        ({ status, endedMs }) => status === null && endedMs > before.atMs && endedMs <= atMs,
      );
      if (killed === -1) return [`4: ${who(logon)} was warned twice without a kill in between`];
      const found = processes[killed + 1]?.found ?? [];
      const isKnown = found.some(
        (line) =>
          line["note"] === "warned" &&
          isAbout(line, logon, stage.labels) &&
          Date.parse(String(line["at"])) >= performance.timeOrigin + logon.fromMs - 5,
      );
      return isKnown ? [`4: ${who(logon)} was warned again although it was noted that they had been`] : [];
    });
  });
}

function isAbout(line: Line, { host, id, user }: Logon, labels: ReadonlyMap<string, string>): boolean {
  const session = line["session"] as { readonly id: string; readonly user: string } | undefined;
  return line["host"] === labels.get(host) && session?.id === id && session.user === user;
}

function forgottenDrains(story: Story, { hosts }: FinalReport): readonly string[] {
  const { scenario, stage, journal } = story;
  const waves = wavesIn(story);
  /** A wave whose command did not end with success, such as after too many failures, stays drained for it. */
  const isCommandDone = (name: string): boolean =>
    journal.some(
      ({ note, wave }) => note === "command-ended" && waves[Number(wave) - 1]?.includes(name) === true,
    );
  return [...stage.labels].flatMap(([name, label]) => {
    const host = hosts.find((one) => one.host === label);
    if (host === undefined) return [];
    const isDrained = stage.drained.has(name);
    const isMeant = scenario.drain !== "none" && !scenario.thenUndrains;
    const said = host.drained?.startsWith("until-") === true;
    if (host.status === "ok") {
      const isUndone = scenario.drain === "none" || (scenario.thenUndrains && isCommandDone(name));
      if (isMeant && !isDrained) return [`5: ${name} is ok and open`];
      return isUndone && isDrained ? [`5: ${name} is ok and still drained (${host.drained ?? "?"})`] : [];
    }
    return isDrained && !said ? [`5: ${name} is ${host.status}, still drained, and nobody says so`] : [];
  });
}

const goneOutcomes = ["logged-off", "left", "already-gone"];

function wrongReport(story: Story, { hosts }: FinalReport): readonly string[] {
  const { stage, journal } = story;
  const wrong: string[] = [];
  for (const [name, label] of stage.labels) {
    const reported = hosts.filter(({ host }) => host === label);
    const [host] = reported;
    if (reported.length !== 1 || host === undefined) {
      wrong.push(`6: ${name} is reported ${reported.length} times`);
      continue;
    }
    // A host that failed before it was listed knows nobody.
    const first = journal.find((line) => line["note"] === "selected" && line["host"] === label);
    const selected = (first?.["sessions"] ?? []) as readonly { readonly id: string; readonly user: string }[];
    const reached = stage.acts.flatMap((act) =>
      act.host === name && (isEnding(act) || act.kind === "warn") && act.logon !== undefined
        ? [act.logon]
        : [],
    );
    for (const { id, user } of [...selected, ...reached])
      if (!host.sessions.some((one) => one.id === id && one.user === user))
        wrong.push(`6: ${user} (${id}) on ${name} is in no report (${host.status})`);
    for (const session of host.sessions) wrong.push(...wrongOutcome(session, name, story));
  }
  return [...new Set(wrong)];
}

function wrongOutcome(
  { id, user, outcome }: ReportedSession,
  name: string,
  { stage, journal, processes }: Story,
): readonly string[] {
  const logon = stage.logons.findLast((one) => one.host === name && one.id === id && one.user === user);
  if (logon === undefined) return [];
  const what = `6: ${who(logon)} is ${outcome}`;
  const logons = stage.logons.filter((one) => one.host === name && one.id === id && one.user === user);
  const askedOf = (one: Logon): boolean =>
    stage.acts.some((act) => isEnding(act) && act.logon === one) ||
    journal.some((line) => line["note"] === "logoff" && isAbout(line, one, stage.labels));
  const lastMs = processes.at(-1)?.endedMs ?? 0;
  if (outcome === "logged-off" && !logons.some(askedOf)) return [`${what}, and no logoff was sent`];
  // A user who left and came back has two rows.
  if ((outcome === "left" || outcome === "already-gone") && logons.every(({ endedBy }) => endedBy === "us"))
    return [`${what}, and was logged off by us`];
  const isThere = logon.endedBy === undefined || (logon.endedMs ?? 0) > lastMs;
  const isLate = logons.length > 1 || logon.fromMs > lastMs - 3000;
  if (goneOutcomes.includes(outcome) && isThere && !isLate) return [`${what}, and is still there`];
  return [];
}

/** Hosts that a process found finished, and that were contacted nevertheless. */
function contactedAgain({ scenario, stage, processes }: Story): readonly string[] {
  return processes.flatMap(({ found }, index) =>
    [...stage.labels].flatMap(([name, label]) => {
      const about = found.filter((line) => line["host"] === label);
      const done = about.findLast(({ note }) => note === "done");
      const report = (done?.["run"] as { readonly report: ReportedHost } | undefined)?.report;
      if (report === undefined || report.status === "skipped") return [];
      const isBack = report.status !== "ok" || about.some(({ note }) => note === "back");
      if (scenario.thenUndrains && !isBack) return [];
      const again = stage.acts.filter((act) => act.host === name && act.process === index + 1);
      return again.length === 0 ? [] : [`6: ${name} was finished and process ${index + 1} contacted it`];
    }),
  );
}

function wrongCommands(story: Story, { hosts }: FinalReport): readonly string[] {
  const { scenario, processes, thenRuns, journal, stage } = story;
  if (!scenario.hasThen) return [];
  const wrong: string[] = [];
  const noted = (lines: readonly Line[], note: string, wave: number): number =>
    lines.findIndex((line) => line["note"] === note && line["wave"] === wave);
  for (const run of thenRuns) {
    const found = processes[run.process - 1]?.found ?? [];
    const which = `7: the command of wave ${run.wave} in process ${run.process}`;
    if (noted(found, "command-ended", run.wave) !== -1) wrong.push(`${which} had ended with success before`);
    if (run.isResumed !== (noted(found, "command", run.wave) !== -1))
      wrong.push(`${which} ${run.isResumed ? "says" : "does not say"} that it was begun before`);
    if (thenRuns.some((one) => one !== run && one.wave === run.wave && one.process === run.process))
      wrong.push(`${which} ran twice`);
  }
  wavesIn(story).forEach((wave, index) => {
    const labels = wave.map((name) => stage.labels.get(name));
    const reports = hosts.filter(({ host }) => labels.includes(host));
    const at = noted(journal, "command", index + 1);
    const isStopped = hosts.some(({ status }) => status === "skipped" || status === "failed");
    const isOk = reports.some(({ status }) => status === "ok");
    if (isOk && !isStopped && !thenRuns.some((one) => one.wave === index + 1))
      wrong.push(`7: the command of wave ${index + 1} did not run`);
    if (at === -1) return;
    for (const label of labels)
      if (!journal.slice(0, at).some((line) => line["note"] === "done" && line["host"] === label))
        wrong.push(`7: the command of wave ${index + 1} ran before ${label ?? "?"} was done`);
  });
  return [...new Set(wrong)];
}

/** The names of the hosts of each wave. */
function wavesIn({ scenario: { hosts, waves } }: Story): readonly (readonly string[])[] {
  const names = hosts.map(({ name }) => name);
  if (waves.length === 0) return [names];
  const all: string[][] = [];
  for (let from = 0; from < names.length;) {
    const size = waves[all.length] ?? waves.at(-1) ?? names.length;
    all.push(names.slice(from, from + size));
    from += size;
  }
  return all;
}

import fc from "fast-check";
import { errorCodes } from "../../provider/base/errors";
import { totalsOf, type HostReport, type Report, type SessionOutcome } from "../../provider/report/report";
import type { Session } from "../../provider/session/session";

/** A session of a user, with the given changes. */
export function session(changes: Partial<Session> = {}): Session {
  return {
    id: "2",
    name: "rdp-tcp#0",
    user: "alice",
    userCertain: true,
    kind: "user",
    state: "active",
    stateText: "Aktiv",
    own: false,
    ...changes,
  };
}

/** A host that is done, with the given changes. */
export function hostReport(changes: Partial<HostReport> = {}): HostReport {
  return {
    host: "rdsh01:22",
    platform: "windows",
    status: "ok",
    drained: "no",
    durationMs: 812,
    warnings: [],
    sessions: [],
    notFound: [],
    contacted: true,
    warned: [],
    ...changes,
  };
}

export function report(hosts: readonly HostReport[], changes: Partial<Report> = {}): Report {
  return {
    startedAt: "2026-03-01T22:00:00.000Z",
    finishedAt: "2026-03-01T22:00:12.500Z",
    totals: totalsOf(hosts),
    hosts,
    warnings: [],
    ...changes,
  };
}

/** Matches the control characters of terminals, except line feeds. */
export const terminalControls =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Matches the characters that XML 1.0 forbids, including lone surrogates. */
// eslint-disable-next-line no-control-regex
export const illegalInXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu;

/** Text that a build agent executes as a command when it appears in a log. */
export const pipelineCommand = fc.constantFrom(
  "##vso[task.setvariable variable=x]y",
  "##[add-mask]y",
  "##teamcity[message text='y']",
  "::add-mask::y",
  "\n  ::set-output name=x::y",
  "section_start:1560896352:x",
);

/** Whether a build agent would find a command in a log, by the agents' own rules. */
export function holdsCommand(log: string): boolean {
  return log
    .split(/[\r\n\u2028\u2029]/u)
    .some(
      (line) =>
        line.includes("##vso[") ||
        line.includes("##[") ||
        line.includes("##teamcity[") ||
        /section_(?:start|end):/u.test(line) ||
        /^\s*::[\w-]+(?: .*?)?::/u.test(line),
    );
}

/** Any text, including hostile names of hosts and users. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; --",
    "]]>",
    "<!--",
    "&lt;&amp;",
    "\u0000\u0008\u001b[31m",
    "\ud800",
    "\u202eevil",
    "\u2028\u2029",
    "\u061cevil\u200f",
    "\ufffe\uffff",
    "a\nb\r\nc\td",
  ),
);

const anySession = fc
  .record({
    id: fc.oneof(
      fc.integer({ min: 0, max: 65535 }).map(String),
      anyText.filter((text) => text !== ""),
    ),
    name: fc.option(anyText, { nil: undefined }),
    user: fc.option(anyText, { nil: undefined }),
    state: fc.constantFrom("active" as const, "disconnected" as const, "other" as const),
    logonTime: fc.option(anyText, { nil: undefined }),
    idleMs: fc.option(fc.nat(), { nil: undefined }),
  })
  .map(({ name, user, logonTime, idleMs, ...rest }): Session => {
    const { userCertain, kind, stateText, own } = session();
    return {
      userCertain,
      kind,
      stateText,
      own,
      ...rest,
      ...(name === undefined ? {} : { name }),
      ...(user === undefined ? {} : { user }),
      ...(logonTime === undefined ? {} : { logonTime }),
      ...(idleMs === undefined ? {} : { idleMs }),
    };
  });

const anyCode = fc.constantFrom(...errorCodes);
const anyMessage = anyText.map((text) => `Cannot: ${text}`);

const anyOutcome: fc.Arbitrary<SessionOutcome> = fc
  .tuple(anySession, anyCode, anyMessage, fc.nat(7))
  .map(([session, code, message, which]): SessionOutcome => {
    const outcomes: readonly SessionOutcome[] = [
      { session, outcome: "logged-off" },
      { session, outcome: "left" },
      { session, outcome: "already-gone" },
      { session, outcome: "kept", reason: "excepted" },
      { session, outcome: "still-present", code, message },
      { session, outcome: "failed", code, message },
      { session, outcome: "would-log-off" },
      { session, outcome: "listed" },
    ];
    return outcomes[which]!;
  });

const anyHost: fc.Arbitrary<HostReport> = fc
  .record({
    host: anyText,
    status: fc.constantFrom("ok" as const, "failed" as const, "skipped" as const),
    code: anyCode,
    message: anyMessage,
    warnings: fc.array(anyText, { maxLength: 2 }),
    notFound: fc.array(anyText, { maxLength: 2 }),
    commands: fc.option(fc.array(anyText, { maxLength: 2 }), { nil: undefined }),
    sessions: fc.array(anyOutcome, { maxLength: 4 }),
    durationMs: fc.nat(),
  })
  .map(({ code, message, commands, ...rest }) =>
    hostReport({
      ...rest,
      platform: rest.status === "ok" ? "windows" : null,
      ...(rest.status === "ok" ? {} : { error: { code, message } }),
      ...(commands === undefined ? {} : { commands }),
    }),
  );

/** Any report. */
export const anyReport: fc.Arbitrary<Report> = fc
  .tuple(fc.array(anyHost, { maxLength: 4 }), fc.array(anyText, { maxLength: 2 }))
  .map(([hosts, warnings]) => report(hosts, { warnings }));

/** A report of `count` hosts, every tenth of which failed. */
export function manyHosts(count: number): Report {
  return report(
    Array.from({ length: count }, (_, index) =>
      hostReport({
        host: `rdsh${String(index).padStart(5, "0")}.corp.example:22`,
        durationMs: 1000 + (index % 97) * 100,
        sessions: [
          { session: session({ id: "2" }), outcome: "logged-off" },
          { session: session({ id: "3", user: `user${index}` }), outcome: "logged-off" },
        ],
        ...(index % 10 === 9
          ? { status: "failed", error: { code: "session-stuck", message: `Cannot log off session "3"` } }
          : {}),
      }),
    ),
  );
}

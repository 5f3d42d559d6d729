import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readSessions } from "../../../provider/backend/linux/sessions";
import { LogoffError } from "../../../provider/errors";
import { whereabouts, type Session } from "../../../provider/session/session";

const target = { label: "jump-01:22" };
/** When the answers were given. */
const nowSeconds = 1_795_412_301;

/**
 * What `show-session` printed, recorded. elogind 246 in full, of which our command asks for a part; the same properties
 * as systemd 252 names them, in another order and with the ones it adds.
 */
const recorded = {
  "elogind 246, ssh with a terminal": [
    "Id=10",
    "User=1002",
    "Name=labbob",
    "Timestamp=Mon 2026-11-23 05:33:21 UTC",
    "TimestampMonotonic=3287676225",
    "VTNr=0",
    "TTY=pts/0",
    "Remote=yes",
    "RemoteHost=127.0.0.1",
    "Service=sshd",
    "Leader=276",
    "Audit=10",
    "Type=tty",
    "Class=user",
    "Active=yes",
    "State=active",
    "IdleHint=no",
    "IdleSinceHint=1795412001959803",
    "IdleSinceHintMonotonic=3287675000",
    "LockedHint=no",
  ],
  "elogind 246, ssh without a terminal": [
    "Id=3",
    "User=1002",
    "Name=labbob",
    "Timestamp=Mon 2026-11-23 05:28:52 UTC",
    "Service=sshd",
    "Leader=170",
    "Type=tty",
    "Class=user",
    "State=active",
    "IdleHint=no",
    "IdleSinceHint=0",
  ],
  xrdp: [
    "Id=c7",
    "User=1005",
    "Name=erin",
    "Timestamp=Mon 2026-11-23 04:00:00 UTC",
    "Display=:10",
    "Service=xrdp-sesman",
    "Leader=900",
    "Type=x11",
    "Class=user",
    "State=active",
    "IdleHint=no",
    "IdleSinceHint=0",
  ],
  "a desktop that says it is idle": [
    "Id=2",
    "Name=carol",
    "User=1001",
    "Seat=seat0",
    "TTY=tty2",
    "Display=:0",
    "Leader=700",
    "Type=wayland",
    "Class=user",
    "State=online",
    "IdleHint=yes",
    "IdleSinceHint=1795411701000000",
    "Timestamp=Mon 2026-11-23 04:00:00 CET",
  ],
} as const;

interface Parts {
  readonly shown: readonly (readonly [id: string, lines: readonly string[], code?: number])[];
  readonly own?: string;
  readonly groups?: readonly string[];
  readonly processes?: readonly string[];
  readonly still?: readonly string[];
  readonly before?: string;
}

/** The answer of a host as our command prints it. */
function answer({ shown, own = "", groups = [], processes = [], still, before = "" }: Parts): string {
  return [
    `${before}@begin`,
    `@now ${nowSeconds}`,
    `@own ${own}`,
    "@self 42",
    ...shown.flatMap(([id, lines, code = 0]) => [`@session ${id}`, ...lines, `@end ${code}`]),
    "@processes",
    ...processes,
    "@groups",
    ...groups,
    "@still",
    ...(still ?? shown.map(([id]) => id)),
    "@complete",
    "",
  ].join("\n");
}

function read(text: string, stderr = "", code = 0): readonly Session[] {
  return readSessions(target, { code, stdout: Buffer.from(text), stderr: Buffer.from(stderr) });
}

function readOne(lines: readonly string[], parts: Partial<Parts> = {}): Session {
  const id = lines.find((line) => line.startsWith("Id="))?.slice(3) ?? "";
  const [session] = read(answer({ shown: [[id, lines]], ...parts }));
  assert.ok(session);
  return session;
}

/** Some properties changed; undefined leaves one out, as loginctl does with empty ones. */
function changed(
  lines: readonly string[],
  changes: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const rest = lines.filter((line) => !Object.hasOwn(changes, line.slice(0, line.indexOf("="))));
  return [
    ...rest,
    ...Object.entries(changes).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`])),
  ];
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof LogoffError ? `${error.code}: ${error.message}` : String(error);
  }
  return "no error";
}

const ssh = recorded["elogind 246, ssh with a terminal"];
const execOnly = recorded["elogind 246, ssh without a terminal"];

describe("a session of logind", () => {
  it("is read whole", () => {
    assert.deepEqual(readOne(ssh), {
      id: "10",
      name: "pts/0",
      terminal: "pts/0",
      user: "labbob",
      userCertain: true,
      kind: "user",
      state: "active",
      stateText: "active",
      logonTime: "Mon 2026-11-23 05:33:21 UTC, leader 276",
      idleMs: 299_040,
      own: false,
    } satisfies Session);
  });

  it("without a terminal has neither name nor idle time, and is active all the same", () => {
    const { name, terminal, idleMs, state } = readOne(execOnly);
    assert.deepEqual([name, terminal, idleMs, state], [undefined, undefined, undefined, "active"]);
  });

  it("of xrdp is named by its display, cannot be written to, and is not known to be idle or not", () => {
    const { id, name, terminal, idleMs, kind } = readOne(recorded.xrdp);
    assert.deepEqual([id, name, terminal, idleMs, kind], ["c7", ":10", undefined, undefined, "user"]);
  });

  it("at a seat is the console; its terminal is not what people look at", () => {
    const { name, terminal, idleMs, kind, state, stateText } = readOne(
      recorded["a desktop that says it is idle"],
    );
    assert.deepEqual(
      [name, terminal, idleMs, kind, state, stateText],
      [":0", undefined, 600_000, "console", "active", "online"],
    );
  });

  it("finds its terminal below its leader when logind knows none", () => {
    const processes = [
      "    170       1 ?",
      "    182     170 ?",
      "    184     182 pts/3",
      "    190     184 pts/9",
    ];
    const { name, terminal } = readOne(execOnly, { processes });
    assert.deepEqual([name, terminal], ["pts/3", "pts/3"]);
  });

  const classes: readonly (readonly [string, Session["kind"]])[] = [
    ["user", "user"],
    ["user-early", "user"],
    ["user-light", "user"],
    ["user-incomplete", "user"],
    ["greeter", "services"],
    ["lock-screen", "services"],
    ["background", "services"],
    ["background-light", "services"],
    ["manager", "services"],
    ["manager-early", "services"],
    ["something-new", "services"],
  ];
  for (const [name, kind] of classes) {
    it(`of class ${name} is ${kind}`, () => assert.equal(readOne(changed(ssh, { Class: name })).kind, kind));
  }

  const states: readonly (readonly [string, Session["state"], Session["kind"]])[] = [
    ["active", "active", "user"],
    ["online", "active", "user"],
    ["opening", "other", "user"],
    ["closing", "other", "leftover"],
  ];
  for (const [name, state, kind] of states) {
    it(`that is ${name} is ${state}, ${kind}`, () => {
      const session = readOne(changed(ssh, { State: name }));
      assert.deepEqual([session.state, session.kind], [state, kind]);
    });
  }

  it("that is closing counts as gone, with a leftover", () => {
    const closing = readOne(changed(ssh, { State: "closing", Leader: "0" }));
    assert.deepEqual(whereabouts(readOne(ssh), [closing]), { is: "gone", leftover: closing });
  });

  it("is our own by XDG_SESSION_ID, or by its control group where that is not set", () => {
    assert.equal(readOne(ssh, { own: "10" }).own, true);
    assert.equal(readOne(ssh, { own: "11", groups: ["/proc/42/cgroup:11:name=elogind:/10"] }).own, false);
    for (const group of [
      "/proc/42/cgroup:11:name=elogind:/10",
      "/proc/42/cgroup:0::/10",
      "/proc/42/cgroup:0::/user.slice/user-1002.slice/session-10.scope",
      "/proc/42/cgroup:1:name=systemd:/user.slice/user-1002.slice/session-10.scope",
    ]) {
      assert.equal(readOne(ssh, { groups: [group] }).own, true, group);
    }
  });

  it("loses the domain of its user, as on Windows", () => {
    assert.equal(readOne(changed(ssh, { Name: "CORP\\svc-sql" })).user, "svc-sql");
  });

  it("whose user has no readable name matches every exception", () => {
    const nameless = readOne(changed(ssh, { Name: undefined }));
    assert.deepEqual([nameless.user, nameless.userCertain], ["1002", false]);
    assert.equal(readOne(changed(ssh, { Name: "m\ufffdller" })).userCertain, false);
    assert.equal(readOne(changed(ssh, { Name: "müller" })).userCertain, true);
  });

  it("is a new logon of the same person when its leader is another", () => {
    const later = readOne(changed(ssh, { Leader: "277" }));
    assert.deepEqual(whereabouts(readOne(ssh), [later]), { is: "returned", session: later });
  });

  it("has no idle time above a year or from the future", () => {
    assert.equal(readOne(changed(ssh, { IdleSinceHint: "1000000" })).idleMs, undefined);
    assert.equal(readOne(changed(ssh, { IdleSinceHint: "1895412001959803" })).idleMs, 0);
  });

  for (const tty of ["../shadow", "pts/0; reboot", "ttyS0", "pts", "pts/", "pts/x"]) {
    it(`is never written to at "${tty}"`, () => {
      const { terminal, name } = readOne(changed(ssh, { TTY: tty }));
      assert.deepEqual([terminal, name], [undefined, tty]);
    });
  }
});

describe("the list of logind", () => {
  it("may be empty, and may follow what a login's start-up files say", () => {
    assert.deepEqual(read(answer({ shown: [] })), []);
    assert.deepEqual(read(answer({ shown: [], before: "Welcome\nId=9\n" })), []);
  });

  it("leaves out who ended meanwhile, and is none when somebody cannot be read", () => {
    const shown: Parts["shown"] = [
      ["10", ssh],
      ["11", ["Failed to get session path: No session '11' known"], 1],
    ];
    assert.deepEqual(
      read(answer({ shown, still: ["10"] })).map(({ id }) => id),
      ["10"],
    );
    assert.match(
      codeOf(() => read(answer({ shown }))),
      /^output-unrecognised: .*No session '11' known/,
    );
  });

  it("shows processes that outlive their session as leftovers", () => {
    const groups = ["/proc/63/cgroup:11:name=elogind:/7", "/proc/64/cgroup:11:name=elogind:/7"];
    const sessions = read(answer({ shown: [["10", ssh]], groups }));
    const [, left] = sessions;
    assert.deepEqual([left?.id, left?.kind, left?.stateText], ["7", "leftover", "ended, 2 processes left"]);
    // Somebody who came while the list was read is no leftover.
    assert.equal(read(answer({ shown: [["10", ssh]], groups, still: ["7", "10"] })).length, 1);
  });

  const broken: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["nothing was printed", () => read(""), /^output-unrecognised/],
    ["it was cut", () => read(answer({ shown: [["10", ssh]] }).replace("@complete\n", "")), /^output-unrec/],
    [
      "a row held no ID",
      () => read(answer({ shown: [] }).replace("@own", "@strange\n@own")),
      /^output-unrec/,
    ],
    ["an ID answers for another", () => read(answer({ shown: [["11", ssh]] })), /^output-unrecognised/],
    ["a class is missing", () => readOne(changed(ssh, { Class: undefined })), /^output-unrecognised/],
    ["a state is missing", () => readOne(changed(ssh, { State: undefined })), /^output-unrecognised/],
    [
      "loginctl failed",
      () => read("", "Failed to connect to bus: Host is down", 1),
      /^output-unrecognised: .*Host is down/,
    ],
    ["loginctl is missing", () => read("", "", 127), /^unsupported-host: .*no loginctl/],
    ["D-Bus refuses", () => read("", "Failed to list sessions: Access denied", 1), /^permission-denied/],
  ];
  for (const [what, work, message] of broken) {
    it(`is none when ${what}`, () => assert.match(codeOf(work), message));
  }

  it("is none when the command was killed", () => {
    const text = Buffer.from(answer({ shown: [] }));
    const work = () => readSessions(target, { signal: "KILL", stdout: text, stderr: new Uint8Array() });
    assert.match(codeOf(work), /^output-unrecognised/);
  });

  it("never loses anybody and never fails otherwise, whatever the values hold", () => {
    const value = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replace(/[\r\n]/gu, " "));
    const session = fc.record({ name: value, display: value, tty: value, timestamp: value, leader: value });
    fc.assert(
      fc.property(fc.array(session, { maxLength: 5 }), (sessions) => {
        const shown = sessions.map(
          ({ name, display, tty, timestamp, leader }, index): Parts["shown"][number] => [
            String(index + 1),
            [
              `Id=${index + 1}`,
              `Name=${name}`,
              `Display=${display}`,
              `TTY=${tty}`,
              `Timestamp=${timestamp}`,
              `Leader=${leader}`,
              "Type=tty",
              "Class=user",
              "State=active",
            ],
          ],
        );
        const found = read(answer({ shown }));
        assert.deepEqual(
          found.map(({ id }) => id),
          shown.map(([id]) => id),
        );
        for (const { terminal } of found) assert.match(terminal ?? "pts/0", /^(pts\/[0-9]+|tty[0-9]+)$/);
      }),
    );
  });

  it("is never read from noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const work = () => readSessions(target, { code: 0, stdout: bytes, stderr: new Uint8Array() });
        assert.match(codeOf(work), /^(output-unrecognised|permission-denied): /);
      }),
    );
  });
});

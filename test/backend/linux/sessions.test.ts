import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readSessions } from "../../../provider/backend/linux/sessions";
import { LogoffError } from "../../../provider/base/errors";
import { whereabouts, type Session } from "../../../provider/session/session";
import { answer, bodyOf, changed, enclosed, recordedSession, type Parts } from "./answer";

/** A target without SSH, so that our own login need not be in every list. */
const target = { label: "jump-01", local: true };

function read(text: string, stderr = "", code = 0): readonly Session[] {
  return readSessions(target, { code, stdout: Buffer.from(text), stderr: Buffer.from(stderr) });
}

function readOverSsh(parts: Parts): readonly Session[] {
  const stdout = Buffer.from(answer(parts));
  return readSessions({ label: "jump-01:22" }, { code: 0, stdout, stderr: Buffer.from("") });
}

function readOne(lines: readonly string[], parts: Partial<Parts> = {}): Session {
  const id = lines.find((line) => line.startsWith("Id="))?.slice(3) ?? "";
  const [session] = read(answer({ shown: [[id, lines]], ...parts }));
  assert.ok(session);
  return session;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof LogoffError ? `${error.code}: ${error.message}` : String(error);
  }
  return "no error";
}

const ssh = recordedSession("elogind-246-ssh-with-a-terminal");
const execOnly = recordedSession("elogind-246-ssh-without-a-terminal");

describe("a session of logind", () => {
  it("is read completely", () => {
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

  it("without a terminal has neither name nor idle time, but is still active", () => {
    const { name, terminal, idleMs, state } = readOne(execOnly);
    assert.deepEqual([name, terminal, idleMs, state], [undefined, undefined, undefined, "active"]);
  });

  it("of xrdp is named after its display, receives no messages, and has an unknown idle time", () => {
    const { id, name, terminal, idleMs, kind } = readOne(recordedSession("xrdp"));
    assert.deepEqual([id, name, terminal, idleMs, kind], ["c7", ":10", undefined, undefined, "user"]);
  });

  it("at a seat is the console, and has no terminal for messages", () => {
    const { name, terminal, idleMs, kind, state, stateText } = readOne(
      recordedSession("desktop-that-says-it-is-idle"),
    );
    assert.deepEqual(
      [name, terminal, idleMs, kind, state, stateText],
      [":0", undefined, 600_000, "console", "active", "online"],
    );
  });

  it("has the terminal below its leader when logind knows none", () => {
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
    it(`of class ${name} without a terminal is ${kind}`, () =>
      assert.equal(readOne(changed(execOnly, { Class: name }), { processes: ["1 0 ?"] }).kind, kind));
  }

  for (const name of ["background", "background-light", "something-new"]) {
    it(`of class ${name} is a person when there is a terminal below its leader`, () => {
      const lines = changed(execOnly, { Class: name, Service: "teleport", Leader: "300" });
      const person = readOne(lines, { processes: ["    300       1 ?", "    301     300 pts/3"] });
      assert.deepEqual([person.kind, person.terminal], ["user", "pts/3"]);
      assert.equal(
        readOne(lines, { processes: ["    300       1 ?", "    301       1 pts/3"] }).kind,
        "services",
      );
    });
  }

  const signsOfPeople: readonly (readonly [
    what: string,
    properties: Record<string, string>,
    processes?: string,
  ])[] = [
    ["a serial line below its leader", {}, "301 300 ttyS0"],
    ["a console of a virtual machine below its leader", {}, "301 300 hvc0"],
    ["a serial line as its terminal", { TTY: "ttyS0" }],
    ["a device as its terminal", { TTY: "/dev/hvc0" }],
    ["a serial line of an ARM board as its terminal", { TTY: "ttyAMA0" }],
    ["a terminal of a mainframe as its terminal", { TTY: "3270/tty1" }],
    ["a console of a container as its terminal", { TTY: "lxc/console" }],
    ["a screen of xrdp", { Type: "x11", Display: ":10", Service: "xrdp-sesman" }],
    ["both a display and a terminal below its leader", { Display: ":1" }, "301 300 pts/3"],
    ["both a word for a terminal and a terminal below its leader", { TTY: "ssh" }, "301 300 pts/3"],
  ];
  for (const [what, properties, process] of signsOfPeople) {
    it(`of class background is a person when it has ${what}`, () => {
      const lines = changed(execOnly, { Class: "background", Leader: "300", ...properties });
      const processes = ["  300   1 ?", ...(process === undefined ? [] : [`  ${process}`])];
      assert.equal(readOne(lines, { processes }).kind, "user");
      const manager = changed(lines, { Class: "manager" });
      assert.equal(readOne(manager, { processes }).kind, "services");
    });
  }

  it("of class background is a service when its terminal is merely a word", () => {
    for (const tty of ["cron", "ssh", "ftp"]) {
      const lines = changed(execOnly, { Class: "background", Leader: "300", TTY: tty });
      assert.equal(readOne(lines, { processes: ["  300 1 ?", "  301 300 ?"] }).kind, "services");
    }
  });

  it("whose terminal is merely a word receives messages at the terminal below its leader", () => {
    const lines = changed(execOnly, { Leader: "300", TTY: "ssh" });
    assert.equal(readOne(lines, { processes: ["  300 1 ?", "  301 300 pts/3"] }).terminal, "pts/3");
  });

  it("on a console that takes no messages is named after it and has no terminal for messages", () => {
    for (const Class of ["user", "background"]) {
      const lines = changed(execOnly, { Class, Leader: "300" });
      const { name, terminal } = readOne(lines, { processes: ["  300 1 ?", "  301 300 hvc0"] });
      assert.deepEqual([name, terminal], ["hvc0", undefined]);
    }
  });

  it("on a serial line receives no messages at a terminal that one of its programs created", () => {
    const processes = ["  300 1 ?", "  301 300 ttyS0", "  302 301 pts/9"];
    const { name, terminal, kind } = readOne(changed(execOnly, { Leader: "300" }), { processes });
    assert.deepEqual([name, terminal, kind], ["ttyS0", undefined, "user"]);
  });

  it("has an uncertain user when the name contains a bidirectional mark", () => {
    for (const mark of ["\u061c", "\u200e", "\u202e", "\u2066"])
      assert.equal(readOne(changed(ssh, { Name: `ali${mark}ce` })).userCertain, false, mark);
  });

  for (const name of ["greeter", "lock-screen", "manager", "manager-early"]) {
    it(`of class ${name} is not a person even if programs below its leader have terminals`, () => {
      const lines = changed(execOnly, { Class: name, Leader: "300" });
      assert.equal(readOne(lines, { processes: ["  300 1 ?", "  301 300 pts/3"] }).kind, "services");
    });
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

  it("that is closing counts as gone and is a leftover", () => {
    const closing = readOne(changed(ssh, { State: "closing", Leader: "0" }));
    assert.deepEqual(whereabouts(readOne(ssh), [closing]), { is: "gone", leftover: closing });
  });

  it("is our own by XDG_SESSION_ID, or else by its control group", () => {
    assert.equal(readOne(ssh, { own: "10" }).own, true);
    const both: Parts["shown"] = [
      ["10", ssh],
      ["3", execOnly],
    ];
    const [first, second] = read(answer({ shown: both, own: "3", selfGroups: ["11:name=elogind:/10"] }));
    assert.deepEqual([first?.own, second?.own], [false, true]);
    for (const group of [
      "11:name=elogind:/10",
      "0::/10",
      "0::/user.slice/user-1002.slice/session-10.scope",
      "1:name=systemd:/user.slice/user-1002.slice/session-10.scope",
    ]) {
      assert.equal(readOne(ssh, { selfGroups: [group] }).own, true, group);
      assert.equal(readOne(ssh, { own: "8", selfGroups: [group] }).own, true, `${group}, a variable of tmux`);
    }
  });

  it("is our own if its leader is an ancestor of our process and nothing else identifies it", () => {
    const processes = ["  1 0 ?", "  276 1 ?", "  280 276 ?", "  42 280 ?"];
    assert.equal(readOne(ssh, { processes }).own, true);
    assert.equal(readOne(changed(ssh, { Leader: "0" }), { processes }).own, false);
    assert.equal(readOne(changed(ssh, { Leader: "300" }), { processes }).own, false);
  });

  it("has a user without the domain, as on Windows", () => {
    assert.equal(readOne(changed(ssh, { Name: "CORP\\svc-sql" })).user, "svc-sql");
  });

  it("with an unreadable user name matches every exception", () => {
    const nameless = readOne(changed(ssh, { Name: undefined }));
    assert.deepEqual([nameless.user, nameless.userCertain], ["1002", false]);
    for (const name of ["m\ufffdller", "ali\u001b[0mce", "ali\u202ece", "ali\u2028ce"]) {
      assert.equal(readOne(changed(ssh, { Name: name })).userCertain, false, JSON.stringify(name));
    }
    assert.equal(readOne(changed(ssh, { Name: "müller" })).userCertain, true);
  });

  it("is a new logon of the same person when it has another leader", () => {
    const later = readOne(changed(ssh, { Leader: "277" }));
    assert.deepEqual(whereabouts(readOne(ssh), [later]), { is: "returned", session: later });
  });

  it("has no idle time of more than a year, and none below zero", () => {
    assert.equal(readOne(changed(ssh, { IdleSinceHint: "1000000" })).idleMs, undefined);
    assert.equal(readOne(changed(ssh, { IdleSinceHint: "1895412001959803" })).idleMs, 0);
  });

  for (const tty of ["../shadow", "pts/0; reboot", "ttyS0", "pts", "pts/", "pts/x"]) {
    it(`never receives messages at "${tty}"`, () => {
      const { terminal, name } = readOne(changed(ssh, { TTY: tty }));
      assert.deepEqual([terminal, name], [undefined, tty]);
    });
  }
});

describe("the list of logind", () => {
  it("may be empty, and may follow the output of start-up files", () => {
    assert.deepEqual(read(answer({ shown: [] })), []);
    assert.deepEqual(read(answer({ shown: [], before: "Welcome\nId=9\n" })), []);
  });

  it("leaves out sessions that have ended, and fails if a session cannot be read", () => {
    const words = ["Failed to get session path: No session '11' known"];
    const ended = answer({
      shown: [
        ["10", ssh],
        ["11", words, "ended"],
      ],
    });
    assert.deepEqual(
      read(ended).map(({ id }) => id),
      ["10"],
    );
    assert.match(
      codeOf(() => read(answer({ shown: [["11", words, "failed"]] }))),
      /^output-unrecognised: .*No session '11' known/,
    );
  });

  it("contains sessions that only the second list shows", () => {
    const sessions = read(answer({ shown: [["10", ssh]], more: [["3", execOnly]], groups: ["  2 0::/3"] }));
    assert.deepEqual(
      sessions.map(({ id, kind }) => [id, kind]),
      [
        ["10", "user"],
        ["3", "user"],
      ],
    );
  });

  it("contains processes that outlive their session as leftovers", () => {
    const groups = ["      2 11:name=elogind:/7", "      1 0::/7", "     12 11:name=elogind:/10"];
    const [, left] = read(answer({ shown: [["10", ssh]], groups }));
    assert.deepEqual([left?.id, left?.kind, left?.stateText], ["7", "leftover", "ended, 2 processes left"]);
  });

  it("must contain our own login, but only over SSH", () => {
    const shown: Parts["shown"] = [["10", ssh]];
    for (const parts of [
      { shown: [], own: "" },
      { shown, own: "" },
      { shown, own: "9" },
      { shown, own: "9", selfGroups: ["0::/8"] },
    ]) {
      assert.match(
        codeOf(() => readOverSsh(parts)),
        /^unsupported-host: .*does not know our own login.*"UsePAM yes".*pam_systemd/,
      );
      assert.equal(read(answer(parts)).length, parts.shown.length);
    }
    assert.equal(readOverSsh({ shown, own: "10" }).length, 1);
    // Newer versions of systemd treat a system user's login as a background job.
    const ours = changed(execOnly, { Class: "background-light", Name: "patchadm" });
    assert.equal(readOverSsh({ shown: [["3", ours]], own: "3" })[0]?.own, true);
  });

  it("quotes loginctl in errors, but not the start-up files", () => {
    const noise = "bash: /etc/profile.d/x.sh: Permission denied\n";
    assert.match(
      codeOf(() => read("", `${noise}\n@begin\nFailed to connect to bus: Host is down`, 1)),
      /^output-unrecognised: .*but "Failed to connect to bus: Host is down"/,
    );
    assert.match(
      codeOf(() => read("Welcome\n", noise)),
      /^output-unrecognised: .*no answer of our script/,
    );
  });

  const broken: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["nothing was printed", () => read(""), /^output-unrecognised: .*start-up files, such as \.bashrc/],
    [
      "a start-up file ended the shell",
      () => read("Welcome\n"),
      /^output-unrecognised: .*no answer of our script.*must not end the shell/,
    ],
    [
      "it is truncated",
      () => read(answer({ shown: [["10", ssh]] }).replace(/@complete.*/su, "")),
      /^output-unrecognised: .*an answer without an end/,
    ],
    [
      "other text came in between",
      () => read(answer({ shown: [["10", ssh]] }).replace("@self", "You have mail\n@self")),
      /^output-unrecognised: .*something was lost or came between/,
    ],
    [
      "a row has no ID",
      () => read(enclosed(bodyOf({ shown: [] }).replace("@groups", "@strange\n@groups"))),
      /^output-unrecognised: .*row without a session ID/,
    ],
    [
      "an ID has two blocks",
      () =>
        read(
          answer({
            shown: [["10", ssh]],
            more: [["10", changed(ssh, { Name: "mallory" })]],
          }),
        ),
      /^output-unrecognised: .*the same session twice/,
    ],
    [
      "a session has two names",
      () => readOne([...ssh, "Name=mallory"]),
      /^output-unrecognised: .*Name twice/,
    ],
    [
      "a session has no owner",
      () => readOne(changed(ssh, { Name: undefined, User: undefined })),
      /^output-unrecognised: .*without Id, Class, State or User/,
    ],
    [
      "a class is colored",
      () => readOne(changed(ssh, { Class: "\u001b[1muser\u001b[0m" })),
      /^output-unrecognised/,
    ],
    [
      "it is too long",
      () => read(answer({ shown: Array.from({ length: 2000 }, (_, index) => [String(index), ssh]) })),
      /^output-unrecognised: .*more than 256 KiB/,
    ],
    ["a session reports another ID", () => read(answer({ shown: [["11", ssh]] })), /^output-unrecognised/],
    ["a class is missing", () => readOne(changed(ssh, { Class: undefined })), /^output-unrecognised/],
    ["a state is missing", () => readOne(changed(ssh, { State: undefined })), /^output-unrecognised/],
    [
      "loginctl failed",
      () => read("", "Failed to connect to bus: Host is down", 1),
      /^output-unrecognised: .*Host is down/,
    ],
    ["loginctl is missing", () => read("", "", 127), /^unsupported-host: .*no loginctl/],
    [
      "there is a background job, and no ps to tell whether it is a person",
      () => readOne(changed(execOnly, { Class: "background" })),
      /^unsupported-host: .*no ps \(package procps\).*session 3 /,
    ],
    ["D-Bus refuses", () => read("", "Failed to list sessions: Access denied", 1), /^permission-denied/],
  ];
  for (const [what, work, message] of broken) {
    it(`fails if ${what}`, () => assert.match(codeOf(work), message));
  }

  it("fails if the command was killed", () => {
    const text = Buffer.from(answer({ shown: [] }));
    const work = () => readSessions(target, { signal: "KILL", stdout: text, stderr: new Uint8Array() });
    assert.match(codeOf(work), /^output-unrecognised/);
  });

  it("never loses a session, whatever its values are", () => {
    const value = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replace(/[\r\n]/gu, " "));
    const session = fc.record({ name: value, display: value, tty: value, timestamp: value, leader: value });
    fc.assert(
      fc.property(fc.array(session, { maxLength: 5 }), (sessions) => {
        const shown = sessions.map(
          ({ name, display, tty, timestamp, leader }, index): Parts["shown"][number] => [
            String(index + 1),
            [
              `Id=${index + 1}`,
              "User=1000",
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

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Action, Drain, Query } from "../../../provider/backend/backend";
import { linuxBackend } from "../../../provider/backend/linux/backend";
import { LogoffError } from "../../../provider/base/errors";
import type { Connection, Host } from "../../../provider/connection";
import { select, selected } from "../../../provider/session/select";
import { whereabouts, type Session } from "../../../provider/session/session";
import { layouts } from "../../lab/linux/layouts";
import {
  createLinuxHost,
  linuxHostsPossible,
  type LinuxHost,
  type LinuxHostOptions,
} from "../../lab/linux/linux-host";
import { aSelector, aSession } from "../../session/sample";

const label = "jump-01:22";
const backend = linuxBackend({ label });
const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";

/** A host, and what a run does with it: our real commands in a real shell. */
interface Bench {
  readonly host: LinuxHost;
  readonly connection: Connection;
  readonly ask: <T>(query: Query<T>) => Promise<T>;
  readonly perform: <T>(action: Action<T>) => Promise<T>;
  readonly list: () => Promise<readonly Session[]>;
  readonly find: (id: string) => Promise<Session>;
}

const open: LinuxHost[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

async function bench(options: LinuxHostOptions = {}): Promise<Bench> {
  const host = createLinuxHost(options);
  open.push(host);
  const connection = await host.connect({ label } as Host, new AbortController().signal);
  const exec = (command: string, stdin?: Uint8Array) =>
    connection.exec(command, { timeoutMs: 10_000, ...(stdin === undefined ? {} : { stdin }) });
  const ask = async <T>(query: Query<T>): Promise<T> =>
    query.parse(await Promise.all(query.commands.map((command) => exec(command))));
  const list = (): Promise<readonly Session[]> => ask(backend.list());
  return {
    host,
    connection,
    ask,
    list,
    perform: async ({ command, stdin, parse }) => parse(await exec(command, stdin)),
    find: async (id) => {
      const found = (await list()).find((session) => session.id === id);
      assert.ok(found, `no session ${id}`);
      return found;
    },
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof LogoffError ? `${error.code}: ${error.message}` : String(error)),
  );
}

const everybody = aSelector({ all: true });

describe("the list of a Linux host", { skip }, () => {
  for (const layout of layouts) {
    it(`does not depend on the columns of loginctl (${layout})`, async () => {
      const sessions = [
        { user: "alice", tty: "pts/0", idleForSeconds: 300 },
        { user: "bob", display: ":10", service: "xrdp-sesman" },
        { user: "carol", id: "c2", display: ":0", seat: "seat0", type: "wayland" as const },
        { user: "lightdm", id: "c1", class: "greeter", display: ":1", seat: "seat0" },
        { user: "alice", class: "manager", service: "systemd-user", type: "unspecified" as const },
        { user: "cron", class: "background", type: "unspecified" as const },
        { user: "root", class: "user-early", tty: "pts/4" },
        { user: "dave", state: "closing" },
      ];
      const { list } = await bench({ sessions, layout });
      const found = await list();
      const seen = found.map(({ id, name, user, kind, own }) => [id, name ?? "", user ?? "", kind, own]);
      assert.deepEqual(
        seen.sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
        [
          ["1", "pts/0", "alice", "user", false],
          ["2", ":10", "bob", "user", false],
          ["3", "", "alice", "services", false],
          ["4", "", "cron", "services", false],
          ["5", "pts/4", "root", "user", false],
          ["6", "", "dave", "leftover", false],
          ["7", "", "root", "user", true],
          ["c1", ":1", "lightdm", "services", false],
          ["c2", ":0", "carol", "console", false],
        ],
      );
      const idle = found.find(({ id }) => id === "1")?.idleMs ?? 0;
      assert.ok(idle >= 300_000 && idle < 330_000, String(idle));
      const chosen = selected(select(found, everybody)).map(({ id }) => id);
      assert.deepEqual([...chosen].sort(), ["1", "2", "5"]);
    });
  }

  it("contains a terminal that logind does not know", async () => {
    const { find } = await bench({ sessions: [{ user: "alice", tty: "pts/7", ttyKnown: false }] });
    const { name, terminal } = await find("1");
    assert.deepEqual([name, terminal], ["pts/7", "pts/7"]);
  });

  for (const banner of [
    "Welcome to jump-01\\n",
    "no newline, No session \\047 1 \\047 known, Access denied, @begin",
  ]) {
    it(`is read after the output of start-up files (${banner})`, async () => {
      const { list, ask, find, perform, host } = await bench({
        banner,
        sessions: [{ user: "alice", tty: "pts/3" }],
      });
      assert.equal((await list()).length, 2);
      const alice = await find("1");
      assert.equal(await ask(backend.drainMode()), "open");
      await perform(backend.drain("until-restart"));
      assert.equal(await ask(backend.drainMode()), "until-restart");
      await perform(backend.undrain());
      assert.equal(await ask(backend.drainMode()), "open");
      const { action } = backend.warn(alice, "text", 60);
      assert.deepEqual(action && (await perform(action)), { kind: "delivered" });
      host.writeFile("/sessions/1/deadlocks", "15");
      assert.equal((await perform(backend.logOff(alice))).kind, "busy");
      assert.equal((await perform(backend.logOff(alice))).kind, "accepted");
    });
  }

  it("fails if a start-up file ends the shell", async () => {
    const { list } = await bench({ banner: "Welcome\\n'; exit; '", sessions: [{ user: "alice" }] });
    assert.match(await codeOf(list()), /^output-unrecognised: .*start-up files, such as \.bashrc/);
  });

  it("contains sessions that began while the first list was being processed", async () => {
    const sessions = [{ user: "alice" }, { user: "bob", isLate: true, tty: "pts/5", ttyKnown: false }];
    const { list } = await bench({ sessions });
    assert.deepEqual(
      (await list()).map(({ user, kind, name }) => [user, kind, name ?? ""]),
      [
        ["alice", "user", ""],
        ["root", "user", ""],
        ["bob", "user", "pts/5"],
      ],
    );
  });

  it("fails if logind does not know our own login", async () => {
    const { list } = await bench({ isUnknownToLogind: true, sessions: [{ user: "alice" }] });
    assert.match(await codeOf(list()), /^unsupported-host: .*does not know our own login/);
  });

  it("counts a background job with a terminal below its leader as a person", async () => {
    const job = { user: "alice", class: "background", tty: "pts/2", ttyKnown: false };
    const { find } = await bench({
      sessions: [
        { ...job, service: "teleport" },
        { ...job, tty: "" },
      ],
    });
    assert.deepEqual([(await find("1")).kind, (await find("2")).kind], ["user", "services"]);
  });

  it("counts a background job with a serial line, a console or a screen as a person, but one who cannot be warned", async () => {
    const job = { user: "alice", class: "background" };
    const { list } = await bench({
      sessions: [
        { ...job, tty: "ttyS0", ttyKnown: false },
        { ...job, tty: "ttyS1" },
        { ...job, tty: "hvc0", ttyKnown: false },
        { ...job, display: ":10", service: "xrdp-sesman" },
      ],
    });
    const people = selected(select(await list(), everybody));
    assert.deepEqual(
      people.map(({ id, name }) => [id, name]),
      [
        ["1", "ttyS0"],
        ["2", "ttyS1"],
        ["3", "hvc0"],
        ["4", ":10"],
      ],
    );
    for (const person of people) {
      const { action, cannot } = backend.warn(person, "text", 60);
      assert.deepEqual(
        [action, cannot],
        [undefined, "the session has no terminal (pts/N or ttyN) to write to"],
      );
    }
  });

  it("leaves out a session that ended while it was being read", async () => {
    const { list } = await bench({ sessions: [{ user: "alice", whenShown: "vanishes" }, { user: "bob" }] });
    const people = (await list()).filter(({ kind }) => kind === "user");
    assert.deepEqual(
      people.map(({ user }) => user),
      ["bob", "root"],
    );
  });

  it("fails if an existing session cannot be read", async () => {
    const { list } = await bench({ sessions: [{ user: "alice", whenShown: "unreadable" }] });
    assert.match(await codeOf(list()), /^output-unrecognised: .*Connection timed out.*nobody was taken/);
  });

  it("waits for a session that is being created", async () => {
    const { list, host } = await bench({ sessions: [{ user: "alice", deadlocks: 2 }] });
    assert.equal((await list()).length, 2);
    assert.equal(host.calls().filter((call) => call === "sleep 1").length, 2);
  });

  it("reports missing programs and a failing loginctl", async () => {
    const none = await bench({ missingTools: ["loginctl"] });
    assert.match(await codeOf(none.list()), /^unsupported-host: .*has no loginctl/);
    const bare = await bench({ missingTools: ["ps"], sessions: [{ user: "alice", tty: "pts/1" }] });
    assert.equal((await bare.list()).length, 2);
    bare.host.logon({ user: "cron", class: "background" });
    assert.match(await codeOf(bare.list()), /^unsupported-host: .*has no ps/);
    const dead = await bench();
    dead.host.failList("Failed to connect to bus: No such file or directory");
    assert.match(await codeOf(dead.list()), /^output-unrecognised: .*Failed to connect to bus/);
    dead.host.failList("Access denied");
    assert.match(await codeOf(dead.list()), /^permission-denied: /);
  });

  it("needs neither special rights nor sudo", async () => {
    const { list, host } = await bench({ uid: 1500, sessions: [{ user: "alice" }] });
    assert.equal((await list()).length, 2);
    assert.deepEqual(
      host.calls().filter((call) => call.includes("sudo")),
      [],
    );
  });
});

describe("logging off on a Linux host", { skip }, () => {
  it("ends the session and its processes", async () => {
    const { host, perform, find, list } = await bench({ sessions: [{ user: "alice" }, { user: "bob" }] });
    const alice = await find("1");
    assert.deepEqual(await perform(backend.logOff(alice)), { kind: "accepted" });
    assert.deepEqual(whereabouts(alice, await list()), { is: "gone" });
    assert.deepEqual([host.sessions(), host.hasProcesses("1")], [["2"], false]);
    assert.deepEqual(await perform(backend.logOff(alice)), { kind: "absent" });
    assert.deepEqual(host.ended(), ["terminate 1"]);
  });

  const rights: readonly (readonly [string, LinuxHostOptions, string])[] = [
    ["root", { uid: 0 }, "accepted"],
    ["a user with sudo", { uid: 1500, sudo: true }, "accepted"],
    ["a user with a polkit rule", { uid: 1500, polkit: true }, "accepted"],
    ["a user without rights", { uid: 1500 }, "denied"],
  ];
  for (const [who, options, kind] of rights) {
    it(`is ${kind} for ${who}`, async () => {
      const { perform, find, host } = await bench({ ...options, sessions: [{ user: "alice" }] });
      const answer = await perform(backend.logOff(await find("1")));
      assert.equal(answer.kind, kind);
      assert.deepEqual(host.ended(), kind === "accepted" ? ["terminate 1"] : []);
      if (answer.kind !== "denied") return;
      for (const advice of [
        "Interactive authentication required",
        "NOPASSWD: /usr/bin/loginctl ^--no-ask-password",
        "org.freedesktop.login1.manage",
      ]) {
        assert.ok(answer.detail.includes(advice), advice);
      }
    });
  }

  it("retries the logoff while a session is being created, and then reports it as busy", async () => {
    const { perform, find, host, list } = await bench({ sessions: [{ user: "alice" }, { user: "bob" }] });
    const [alice, bob] = [await find("1"), await find("2")];
    host.writeFile("/sessions/1/deadlocks", "14");
    host.writeFile("/sessions/2/deadlocks", "15");
    assert.equal((await perform(backend.logOff(alice))).kind, "accepted");
    assert.equal((await perform(backend.logOff(bob))).kind, "busy");
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      ["2", "3"],
    );
  });

  it("ends the connection's own session, and loses the answer", async () => {
    const { perform, list, host } = await bench({ uid: 1500, sessions: [{ user: "alice" }] });
    const own = (await list()).find((session) => session.own);
    assert.ok(own);
    assert.match(await codeOf(perform(backend.logOff(own))), /^connection-lost/);
    assert.deepEqual(host.ended(), [`terminate ${own.id}`]);
  });

  for (const onTerminate of ["closes", "forgets"] as const) {
    it(`treats a session as gone although its processes stay, and resets what is left (${onTerminate})`, async () => {
      const { perform, find, list, host } = await bench({ sessions: [{ user: "alice", onTerminate }] });
      const alice = await find("1");
      await perform(backend.logOff(alice));
      const where = whereabouts(alice, await list());
      assert.equal(where.is, "gone");
      assert.equal(where.leftover?.kind, "leftover");
      assert.equal(host.hasProcesses("1"), true);
      assert.deepEqual(await perform(backend.reset(alice)), { kind: "accepted" });
      assert.deepEqual(whereabouts(alice, await list()), { is: "gone" });
      assert.equal(host.hasProcesses("1"), false);
    });
  }

  it("ignores a login in a container, even if it has the same number", async () => {
    const { perform, find, list, host } = await bench({
      sessions: [{ user: "alice", onTerminate: "forgets" }],
    });
    const lives = host.start("0::/lxc.payload.web/user.slice/user-1001.slice/session-1.scope");
    const alice = await find("1");
    await perform(backend.logOff(alice));
    await perform(backend.reset(alice));
    assert.deepEqual([host.hasProcesses("1"), lives()], [false, true]);
    assert.deepEqual(whereabouts(alice, await list()), { is: "gone" });
  });

  it("resets a session that ignores the logoff", async () => {
    const { perform, find, list } = await bench({ sessions: [{ user: "alice", onTerminate: "ignores" }] });
    const alice = await find("1");
    await perform(backend.logOff(alice));
    assert.equal(whereabouts(alice, await list()).is, "present");
    await perform(backend.reset(alice));
    assert.equal(whereabouts(alice, await list()).is, "gone");
  });
});

describe("warning on a Linux host", { skip }, () => {
  it("shows the text on the terminal, through standard input", async () => {
    const { perform, find, host } = await bench({ sessions: [{ user: "alice", tty: "pts/3" }] });
    const { action } = backend.warn(await find("1"), "Wartung um 22 Uhr; $(reboot) `x` 'ä'", 60);
    assert.ok(action);
    assert.deepEqual(await perform(action), { kind: "delivered" });
    assert.equal(host.seen("pts/3"), "\r\n\u0007Wartung um 22 Uhr; $(reboot) `x` 'ä'\r\n");
    assert.ok(!action.command.includes("Wartung"));
  });

  it("reports a terminal that is gone", async () => {
    const { perform, find } = await bench({ sessions: [{ user: "alice", tty: "pts/3" }] });
    const session = { ...(await find("1")), terminal: "pts/99" };
    const { action } = backend.warn(session, "text", 60);
    assert.ok(action);
    assert.deepEqual(await perform(action), { kind: "absent" });
  });

  it("cannot reach a graphical session or one without a terminal", async () => {
    const { find } = await bench({
      sessions: [
        { user: "alice", display: ":10" },
        { user: "bob", tty: "tty2", type: "wayland" },
        { user: "carol" },
      ],
    });
    for (const id of ["1", "2", "3"]) {
      const warning = backend.warn(await find(id), "text", 60);
      assert.equal(warning.action, undefined);
      assert.match(warning.cannot ?? "", /no terminal/);
    }
  });
});

describe("draining a Linux host", { skip }, () => {
  for (const mode of ["until-restart", "until-destroy"] satisfies Drain[]) {
    it(`closes it ${mode} and opens it again`, async () => {
      const { ask, perform, host } = await bench();
      assert.equal(await ask(backend.drainMode()), "open");
      await perform(backend.drain(mode));
      assert.equal(await ask(backend.drainMode()), mode);
      assert.match(host.file("/run/nologin") ?? "", /takes no new logins.*\n$/);
      await perform(backend.undrain());
      assert.equal(host.file("/run/nologin"), undefined);
      assert.equal(await ask(backend.drainMode()), "open");
    });
  }

  const others: readonly (readonly [string, string])[] = [
    ["a file with somebody else's text", "System is booting up.\n"],
    ["an empty file", ""],
    ["a file without a final line break", "Back at noon"],
    [
      "a file with our text and another line",
      "This host takes no new logins, because it is about to be maintained. (pulumi-session-logoff: until-restart)\nsee ticket 7\n",
    ],
  ];
  for (const [what, text] of others) {
    it(`leaves ${what} alone`, async () => {
      const { ask, perform, host } = await bench();
      host.writeFile("/run/nologin", text);
      assert.equal(await ask(backend.drainMode()), "other");
      await perform(backend.drain("until-restart"));
      assert.match(
        await codeOf(perform(backend.undrain())),
        /^drain-failed: .*"\/run\/nologin" .* not written by us; read it there, and remove it/,
      );
      assert.equal(host.file("/run/nologin"), text);
    });
  }

  it("leaves nothing behind if the text could not be written", async () => {
    const { ask, perform, host } = await bench({ isFull: true });
    assert.match(
      await codeOf(perform(backend.drain("until-restart"))),
      /^drain-failed: .*could not be changed/,
    );
    assert.deepEqual(host.files("/run"), []);
    assert.equal(await ask(backend.drainMode()), "open");
  });

  it("leaves only the file behind if it succeeds", async () => {
    const { perform, host } = await bench();
    for (let times = 0; times < 2; times += 1) await perform(backend.drain("until-restart"));
    assert.deepEqual(host.files("/run"), ["nologin"]);
  });

  it("notices /etc/nologin, and never treats it as its own", async () => {
    const { ask, perform, host } = await bench();
    await perform(backend.drain("until-restart"));
    const ours = host.file("/run/nologin") ?? "";
    host.writeFile("/etc/nologin", ours);
    assert.match(await codeOf(perform(backend.undrain())), /^drain-failed: .*"\/etc\/nologin"/);
    assert.equal(host.file("/run/nologin"), undefined, "ours is lifted all the same");
    assert.equal(await ask(backend.drainMode()), "other");
    assert.match(await codeOf(perform(backend.undrain())), /^drain-failed: .*"\/etc\/nologin"/);
    assert.equal(host.file("/etc/nologin"), ours);
  });

  for (const theirs of ["closed by the storage team\n", "without a line's end", ""]) {
    it(`recognizes its own drain even with an /etc/nologin of ${JSON.stringify(theirs)}`, async () => {
      const { ask, perform, host } = await bench();
      await perform(backend.drain("until-destroy"));
      host.writeFile("/etc/nologin", theirs);
      assert.equal(await ask(backend.drainMode()), "until-destroy");
      host.writeFile("/run/nologin", "theirs too");
      assert.equal(await ask(backend.drainMode()), "other");
    });
  }

  it("is denied to any login but root, with or without sudo, before anything is written", async () => {
    const { ask, perform, host } = await bench({ uid: 1500, sudo: true });
    assert.match(
      await codeOf(perform(backend.drain("until-restart"))),
      /^permission-denied: .*root.*nothing was written/,
    );
    assert.equal(host.file("/run/nologin"), undefined);
    assert.equal(await ask(backend.drainMode()), "open");
    await perform(backend.undrain());
    host.writeFile("/run/nologin", "theirs\n");
    assert.match(await codeOf(perform(backend.undrain())), /^permission-denied/);
  });
});

describe("the programs of a session on a Linux host", { skip }, () => {
  it("are those of its control group, the system's own last, and no user's text acts", async () => {
    const { ask, find, host } = await bench({
      banner: "Welcome\\n",
      sessions: [
        { user: "alice", id: "5", tty: "pts/0", programs: ["vim", "make", "vim", "\u001b[2Jevil\n@begin"] },
        { user: "bob", id: "55", tty: "pts/1", programs: ["emacs"] },
      ],
    });
    // A container on the host has session numbers of its own.
    host.start("1:name=systemd:/docker/1/user.slice/user-0.slice/session-5.scope");
    assert.deepEqual(await ask(backend.processes(await find("5"))), [
      "[2Jevil",
      "@begin",
      "bash",
      "make",
      "vim",
      "sshd",
    ]);
  });

  it("are found with systemd's control groups", async () => {
    const { ask, host } = await bench();
    host.start("0::/user.slice/user-1000.slice/session-c7.scope");
    assert.deepEqual(await ask(backend.processes(aSession({ id: "c7" }))), ["daemon"]);
  });

  it("are none where the session has no process", async () => {
    const { ask } = await bench();
    assert.deepEqual(await ask(backend.processes(aSession({ id: "77" }))), []);
  });
});

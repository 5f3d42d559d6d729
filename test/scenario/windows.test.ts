import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startLab, type HostOptions, type Lab } from "../lab/lab";
import { languageTags } from "../lab/languages/languages";
import { until } from "../lab/until";
import { outcomesOf, passwordLogin, addressOf, runOne, runOnLab } from "./lab-run";

/** Runs `work` over real SSH. Closing the lab fails if a command was not scripted. */
async function withLab(hosts: readonly HostOptions[], work: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await startLab({ hosts });
  try {
    await work(lab);
  } finally {
    await lab.close();
  }
}

/** Resolves once the run has sent commands to host `a` and closed the connection, as it does for a grace period. */
async function connectionIsClosed(lab: Lab): Promise<void> {
  const host = lab.host("a");
  await until(
    "no connection is open",
    () => host.commands.length > 0 && host.counters().openConnections === 0,
  );
}

const people = [{ user: "alice" }, { user: "bob", state: "disconnected" as const }, { user: "svc-backup" }];
const exceptServices = { all: true, except: { users: ["svc-*"] } };
const warn = { message: "Restart in {minutes} minutes, {user}", gracePeriod: 1 };

describe("draining", () => {
  it("refuses new logons before any logoff, and until the restart", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      const report = await runOne(lab, { sessions: exceptServices, drain: "until-restart" });
      assert.deepEqual([report.status, report.drained], ["ok", "until-restart"]);
      assert.equal(lab.host("a").model.drain(), "until-restart");
      assert.deepEqual(lab.host("a").model.people(), ["svc-backup"]);
      const order = lab
        .host("a")
        .commandTexts()
        .filter((text) => /chglogon|logoff/.test(text));
      assert.equal(order[0], "chglogon.exe /drainuntilrestart");
    }));
  it("is undone on a host that fails, and does not change a host that was already drained", () =>
    withLab(
      [
        { name: "a", sessions: [{ user: "alice", onLogoff: { kind: "ignored" } }] },
        { name: "b", sessions: [{ user: "bob" }], drain: "drain" },
      ],
      async (lab) => {
        const { report } = await runOnLab(lab, { drain: "until-destroy", timeouts: { logoff: 1 } });
        assert.deepEqual(
          report.hosts.map(({ status, drained }) => `${status} ${drained}`),
          ["failed undrained", "ok already"],
        );
        assert.deepEqual([lab.host("a").model.drain(), lab.host("b").model.drain()], ["open", "drain"]);
      },
    ));
});

describe("warning and the grace period", () => {
  it("shows every user the message once, and holds no connection during the grace period", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      let isOver = false;
      const running = runOne(lab, { sessions: exceptServices, warn: { ...warn, gracePeriod: 2 } });
      void running.finally(() => (isOver = true)).catch(() => undefined);
      await connectionIsClosed(lab);
      assert.ok(!isOver, "the run waits for the users");
      assert.equal(lab.host("a").model.people().length, 3);
      const report = await running;
      assert.equal(report.status, "ok");
      // The lab refuses messages to disconnected sessions, as most versions do.
      assert.deepEqual(
        lab
          .host("a")
          .model.messages()
          .map(({ user, text, seconds }) => `${user ?? ""} ${text} ${seconds ?? ""}`),
        ["alice Restart in 1 minutes, alice 2"],
      );
      assert.match(report.warnings.join(), /Could not warn session 3 \(bob\)/);
      assert.ok(report.durationMs >= 2_000);
    }));
  it("sends the message in the host's code page, with special characters intact", () =>
    withLab([{ name: "a", language: "ru", sessions: [{ user: "Иван" }] }], async (lab) => {
      await runOne(lab, {
        warn: { ...warn, message: 'Выход через {minutes} мин, {user}: & | > "x" %PATH%' },
      });
      assert.equal(lab.host("a").model.messages()[0]?.text, 'Выход через 1 мин, Иван: & | > "x" %PATH%');
    }));
  it("logs nobody off with atDeadline fail, and fails the host", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      const report = await runOne(lab, { sessions: exceptServices, warn, atDeadline: "fail" });
      assert.equal(report.error?.code, "sessions-remain");
      assert.equal(lab.host("a").model.people().length, 3);
    }));
});

describe("rechecking the sessions", () => {
  it("keeps a session that reconnected if only disconnected sessions are selected", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      const running = runOne(lab, {
        sessions: { states: ["disconnected"] },
        warn: { ...warn, gracePeriod: 2 },
      });
      await connectionIsClosed(lab);
      lab.host("a").model.reconnect(3);
      const report = await running;
      assert.deepEqual(outcomesOf(report), [
        "2 kept not-selected",
        "3 kept no-longer-matches",
        "4 kept not-selected",
      ]);
    }));
  it("warns a user who arrives late and starts another grace period", () =>
    withLab([{ name: "a", sessions: [{ user: "alice" }] }], async (lab) => {
      const { model } = lab.host("a");
      const running = runOne(lab, { warn });
      await connectionIsClosed(lab);
      model.logon({ user: "carol" });
      const report = await running;
      assert.equal(report.status, "ok");
      assert.deepEqual(
        model.messages().map(({ user }) => user),
        ["alice", "carol"],
      );
      assert.deepEqual(model.people(), []);
    }));
});

describe("selecting", () => {
  it("keeps a session with unknown idle time when selecting by idle time", () =>
    withLab(
      [
        {
          name: "a",
          sessions: [
            { user: "alice", idle: 5 },
            { user: "bob", idle: 300 },
            { user: "carol", idle: { raw: "24692+13:29" } },
          ],
        },
      ],
      async (lab) => {
        const report = await runOne(lab, { sessions: { idleFor: "2h" } });
        assert.deepEqual(outcomesOf(report), ["2 kept not-selected", "3 logged-off", "4 kept idle-unknown"]);
      },
    ));
  it("changes nothing when a limit is exceeded", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      assert.equal((await runOne(lab, { limits: { sessionsPerHost: 2 } })).error?.code, "limit-exceeded");
      assert.equal((await runOne(lab, { limits: { sessions: 2 } })).error?.code, "limit-exceeded");
      assert.equal(lab.host("a").model.people().length, 3);
    }));
  it("refuses current, which is session 0 over SSH, with an explanation", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      const report = await runOne(lab, { sessions: "current" });
      assert.equal(report.error?.code, "session-protected");
      assert.match(report.error.message, /session of the SSH server itself/);
      assert.deepEqual(
        lab
          .host("a")
          .commandTexts()
          .filter((text) => text.startsWith("logoff")),
        [],
      );
    }));
  it("keeps the console with a warning", () =>
    withLab([{ name: "a", console: { user: "operator" }, sessions: [{ user: "alice" }] }], async (lab) => {
      const report = await runOne(lab);
      assert.deepEqual([report.status, ...outcomesOf(report)], ["ok", "1 kept console", "2 logged-off"]);
      assert.match(report.warnings.join(), /console: true/);
    }));
});

describe("logging off, verifying, resetting", () => {
  const stuck = { user: "alice", onLogoff: { kind: "stuck", shows: "user" } } as const;
  for (const [ifStuck, status] of [
    ["fail", "failed"],
    ["reset", "ok"],
    ["continue", "ok"],
  ] as const) {
    it(`applies ifStuck ${ifStuck} to a session that hangs`, () =>
      withLab([{ name: "a", sessions: [stuck, { user: "bob" }] }], async (lab) => {
        const report = await runOne(lab, { ifStuck, timeouts: { logoff: 1 } });
        assert.equal(report.status, status);
        assert.deepEqual(lab.host("a").model.people(), ifStuck === "reset" ? [] : ["alice"]);
        if (ifStuck === "fail") assert.match(report.error?.message ?? "", /session 2 \(alice\)/);
      }));
  }
  it("names the missing right", () =>
    withLab(
      [
        {
          name: "a",
          sessions: people,
          users: [{ name: "admin", password: "Lab-only!Pa55word", rights: "query-only" }],
        },
      ],
      async (lab) => {
        const report = await runOne(lab, { connection: passwordLogin(lab) });
        assert.equal(report.error?.code, "permission-denied");
        assert.match(report.error.message, /Full Control/);
      },
    ));
});

describe("relaying", () => {
  const fleet: readonly HostOptions[] = [
    { name: "mgmt", sessions: [{ user: "operator" }] },
    { name: "rdsh1", sessions: [{ user: "alice" }] },
    { name: "rdsh2", sessions: [{ user: "bob" }, { user: "carol" }] },
  ];
  it("lists, warns and logs off on two servers behind a host, over one connection per phase", () =>
    withLab(fleet, async (lab) => {
      const mgmt = lab.host("mgmt");
      const hosts = ["rdsh1", "rdsh2"].map((server) => ({ host: addressOf(mgmt), server }));
      const { report } = await runOnLab(lab, { hosts, connection: passwordLogin(lab), warn });
      assert.deepEqual(
        report.hosts.map(({ status, error }) => error?.message ?? status),
        ["ok", "ok"],
      );
      assert.deepEqual(
        ["rdsh1", "rdsh2"].map((name) => lab.host(name).model.people()),
        [[], []],
      );
      assert.deepEqual(mgmt.model.people(), ["operator"]);
      // One connection before and one after the grace period; none is held during it.
      assert.ok(mgmt.counters().connections <= 3, `${mgmt.counters().connections} connections`);
      assert.ok(mgmt.counters().mostCommands <= 4, `${mgmt.counters().mostCommands} commands at once`);
      assert.equal(lab.host("rdsh1").counters().connections, 0);
    }));
  it("explains why the server refuses a public key login", () =>
    withLab(fleet, async (lab) => {
      const { report } = await runOnLab(lab, {
        hosts: [{ host: addressOf(lab.host("mgmt")), server: "rdsh1" }],
      });
      assert.equal(report.hosts[0]?.error?.code, "permission-denied");
      assert.match(report.hosts[0].error.message, /public key carries no credentials/);
    }));
});

describe("shells", () => {
  for (const shell of ["cmd", "powershell", "powershell-7"] as const) {
    it(`${shell} works as the default shell`, () =>
      withLab([{ name: "a", shell, sessions: people }], async (lab) => {
        const report = await runOne(lab, { sessions: exceptServices, drain: "until-restart", warn });
        assert.deepEqual([report.error?.message ?? report.status, report.drained], ["ok", "until-restart"]);
        assert.deepEqual(lab.host("a").model.people(), ["svc-backup"]);
      }));
  }
  for (const shell of ["cmd", "powershell"] as const) {
    it(`${shell} works with Git's tools on the path`, () =>
      withLab([{ name: "a", shell, unixTools: true, sessions: people }], async (lab) => {
        const report = await runOne(lab, { sessions: exceptServices });
        assert.equal(report.error?.message ?? report.status, "ok");
        assert.deepEqual(lab.host("a").model.people(), ["svc-backup"]);
      }));
  }
  for (const shell of ["cmd", "powershell", "powershell-7"] as const) {
    it(`${shell} works if it prints text before the output of every command`, () => {
      const greeting = "\u001b[2J\fActive code page: 850\r\nWelcome to RDSH01, 3 updates\r\n\r\n";
      const errorGreeting = "Fehler [5]:Zugriff verweigert\r\nIt is 9:30\r\n";
      return withLab([{ name: "a", shell, greeting, errorGreeting, sessions: people }], async (lab) => {
        const report = await runOne(lab, { sessions: exceptServices, drain: "until-restart", warn });
        assert.deepEqual([report.error?.message ?? report.status, report.drained], ["ok", "until-restart"]);
        assert.deepEqual(lab.host("a").model.people(), ["svc-backup"]);
      });
    });
  }
  for (const shell of ["git-bash", "cygwin"] as const) {
    it(`${shell} is refused with a reason, after commands that change nothing`, () =>
      withLab([{ name: "a", shell, sessions: people }], async (lab) => {
        const report = await runOne(lab);
        assert.equal(report.error?.code, "unsupported-host");
        assert.match(report.error.message, /Unix shell on Windows.*DefaultShell/);
        const [line = "", ...separately] = lab.host("a").commandTexts();
        assert.match(line, /^echo '& chcp\.com .* which shell; uname -s; /u);
        assert.deepEqual(separately.sort(), [
          "chcp.com",
          "echo which shell; uname -s",
          "quser.exe",
          "qwinsta.exe",
          String.raw`reg.exe query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters" /v BootId`,
          String.raw`reg.exe query "HKLM\SYSTEM\CurrentControlSet\Control\Windows" /v ShutdownTime`,
        ]);
      }));
  }
});

describe("languages", () => {
  for (const language of languageTags) {
    it(`${language} works in both layouts`, () =>
      withLab(
        (["classic", "wide"] as const).map((layout): HostOptions => ({
          name: layout,
          language,
          layout,
          sessions: people,
        })),
        async (lab) => {
          const { report } = await runOnLab(lab, { sessions: exceptServices, drain: "until-restart" });
          assert.deepEqual(
            report.hosts.map(({ status, error }) => error?.message ?? status),
            ["ok", "ok"],
          );
          assert.deepEqual(
            lab.hosts.map(({ model }) => model.people()),
            [["svc-backup"], ["svc-backup"]],
          );
        },
      ));
  }
});

describe("a maintenance window", () => {
  it("skips hosts without connecting to them while it is closed", () =>
    withLab([{ name: "a", sessions: people }], async (lab) => {
      const report = await runOne(lab, { window: { notBefore: "2999-01-01T00:00:00Z" } });
      assert.deepEqual([report.status, report.error?.code], ["skipped", "outside-window"]);
      assert.equal(lab.host("a").counters().connections, 0);
    }));
});

describe("unusual servers", () => {
  it("are handled if they reset the connection at the end, are slow, always exit with 0 or wait for stdin", () =>
    withLab(
      [
        { name: "a", sessions: people, ssh: { resetAtGoodbye: true } },
        { name: "b", sessions: people, ssh: { connectDelayMs: 100, commandDelayMs: 50 } },
        { name: "c", sessions: people, ssh: { alwaysExitsZero: true } },
        { name: "d", sessions: people, ssh: { waitsForStdin: true } },
      ],
      async (lab) => {
        const { report } = await runOnLab(lab, { sessions: exceptServices });
        assert.deepEqual(
          report.hosts.map(({ error, status }) => error?.message ?? status),
          ["ok", "ok", "ok", "ok"],
        );
      },
    ));
});

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { systemClock, type Clock } from "../../../provider/base/clock";
import { KeyedMutex } from "../../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../../provider/base/connection-slots";
import { LogoffError, notSent } from "../../../provider/base/errors";
import type { Connect } from "../../../provider/connection";
import type { Plan, WarnPlan } from "../../../provider/plan/plan";
import type { HostReport } from "../../../provider/report/report";
import { runRollout, type RolloutDeps } from "../../../provider/run/rollout";
import {
  createLinuxHost,
  linuxHostsPossible,
  type LinuxHost,
  type LinuxHostOptions,
} from "../../lab/linux/linux-host";
import { aSelector } from "../../session/sample";
import { plainPlan, planFor } from "../memory-fleet";
import { howToVisit } from "../visit-of-another-process";

const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";

const opened: LinuxHost[] = [];
afterEach(() => {
  for (const host of opened.splice(0)) host.close();
});

function start(options: LinuxHostOptions): LinuxHost {
  const host = createLinuxHost(options);
  opened.push(host);
  return host;
}

/** The host's programs take real time, so the clock is real too, only faster. */
const hurried: Clock = {
  now: () => performance.now() * 50,
  date: () => new Date(),
  after: (ms, wake) => systemClock.after(ms / 50, wake),
  sleep: (ms, signal) => systemClock.sleep(ms / 50, signal),
};

async function run(
  connect: Connect,
  plan: Partial<Plan> = {},
  deps: Partial<RolloutDeps> = {},
): Promise<HostReport> {
  const { hosts } = await runRollout(
    { ...plainPlan, hosts: [planFor({ selector: aSelector({ all: true }) }, "host1")], ...plan },
    {
      connect,
      clock: hurried,
      slots: new ConnectionSlots(unlimitedFiles),
      turns: new KeyedMutex(),
      readOnly: undefined,
      ...howToVisit(),
      onProgress: () => undefined,
      ...deps,
    },
    new AbortController().signal,
  );
  return hosts[0] ?? assert.fail("the report has no host");
}

/** Called with each command. `lost`: the network loses the connection, which sshd does not notice, so its session stays. */
type Meanwhile = (command: string) => "lost" | undefined;

function through({ connect }: LinuxHost, meanwhile: Meanwhile): Connect {
  return async (host, signal) => {
    const connection = await connect(host, signal);
    let isLost = false;
    return {
      ...connection,
      close: () => (isLost ? Promise.resolve() : connection.close()),
      exec: async (command, options) => {
        const lost = new LogoffError("connection-lost", "The connection was lost");
        if (isLost) throw notSent(lost);
        if (meanwhile(command) === "lost") {
          await options.beforeSend?.();
          isLost = true;
          throw lost;
        }
        return connection.exec(command, options);
      },
    };
  };
}

function outcomes(report: HostReport): string[] {
  return report.sessions.map(
    (one) =>
      `${one.session.id} ${one.session.user ?? ""} ${one.outcome}${one.outcome === "kept" ? ` ${one.reason}` : ""}`,
  );
}

describe("the session of our lost connection", { skip }, () => {
  const warn: WarnPlan = {
    message: "Please save your work",
    gracePeriodMs: 60_000,
    remindersMs: [],
    ifUndelivered: "fail",
  };
  const alice = { user: "alice", id: "50", tty: "pts/0", onTerminate: "ignores" } as const;
  const rows: readonly (readonly [when: string, lostAt: readonly number[], plan: Partial<Plan>])[] = [
    ["before it could be listed", [1], {}],
    ["before the logoff", [2], {}],
    ["before the logoff, with a warning", [2], { warn }],
    ["after the logoff", [3], {}],
    ["twice after the logoff", [3, 5], {}],
    ["between the drain and the logoff", [2], { drain: "until-restart" }],
  ];
  for (const [when, lostAt, plan] of rows) {
    it(`is still our own, not a new session (${when})`, async () => {
      const host = start({ sessions: [alice] });
      let lists = 0;
      const connect = through(host, (command) => {
        if (!command.includes("list-sessions")) return undefined;
        lists += 1;
        if (lists === 7) host.leave("50");
        return lostAt.includes(lists) ? "lost" : undefined;
      });
      const report = await run(connect, plan);
      assert.deepEqual(report.error, undefined);
      assert.deepEqual(host.ended(), ["terminate 50"]);
      assert.ok(outcomes(report).includes("1 root kept own-session"));
      assert.deepEqual(
        outcomes(report).filter((one) => !one.endsWith("kept own-session")),
        ["50 alice logged-off"],
      );
    });
  }
});

describe("our drain next to somebody else's /etc/nologin", { skip }, () => {
  const theirs = "closed by the storage team\n";
  const nobody = aSelector({ users: ["nobody"] });
  const stays = { user: "alice", id: "50", tty: "pts/0", onTerminate: "ignores" } as const;
  const plan: Partial<Plan> = {
    drain: "until-restart",
    timeouts: { ...plainPlan.timeouts, logoffMs: 5_000 },
  };

  it("is lifted when the host fails, and the other file stays", async () => {
    const host = start({ sessions: [stays] });
    const connect = through(host, (command) => {
      if (command.includes("terminate-session")) host.writeFile("/etc/nologin", theirs);
      return undefined;
    });
    const report = await run(connect, plan);
    assert.deepEqual([report.status, report.drained, report.warnings], ["failed", "already", []]);
    assert.deepEqual([host.file("/run/nologin"), host.file("/etc/nologin")], [undefined, theirs]);
  });

  for (const [fate, sessions, drained] of [
    ["kept if the host is done", [], "until-restart"],
    ["lifted if the host fails", [stays], "already"],
  ] as const) {
    it(`is still ours in the next run: ${fate}`, async () => {
      const host = start({ sessions });
      await run(
        through(host, () => undefined),
        { ...plan, hosts: [planFor({ selector: nobody }, "host1")] },
      );
      host.writeFile("/etc/nologin", theirs);
      const earlier = new Map([["host1:22", { drained: "until-restart" as const, warned: [] }]]);
      const report = await run(
        through(host, () => undefined),
        plan,
        { previous: earlier },
      );
      assert.equal(report.drained, drained);
      assert.equal(host.file("/run/nologin") === undefined, drained === "already");
      assert.equal(host.file("/etc/nologin"), theirs);
    });
  }
});

describe("a named session that does not exist", { skip }, () => {
  const sessions = [
    { user: "alice", id: "50", tty: "pts/0" },
    { user: "bob", id: "51", state: "closing" },
    { user: "carol", id: "52", class: "manager" },
    { user: "gdm", id: "c1", class: "greeter" },
  ] as const;
  const present = "logged on: 1 \\(root\\), 50 \\(alice\\)";
  for (const [name, why] of [
    ["77", `no such session; ${present}`],
    ["51", `it is already closing, and its user is logged out; ${present}`],
  ] as const) {
    it(`is reported with the reason: ${why.split(";")[0] ?? ""}`, async () => {
      const host = start({ sessions });
      const selector = aSelector({ operands: [name] });
      const hosts = [planFor({ selector }, "host1")];
      const { error } = await run(
        through(host, () => undefined),
        { hosts, ifMissing: "fail" },
      );
      assert.equal(error?.code, "session-not-found");
      assert.match(
        error.message,
        new RegExp(`^Cannot log off session "${name}" on "host1:22": ${why}$`, "u"),
      );
    });
  }
});

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { systemClock, type Clock } from "../../../provider/base/clock";
import { KeyedMutex } from "../../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../../provider/base/connection-slots";
import { LogoffError } from "../../../provider/base/errors";
import type { Connect, ExecResult } from "../../../provider/connection";
import type { HostReport } from "../../../provider/report/report";
import { runRollout } from "../../../provider/run/rollout";
import { createLinuxHost, linuxHostsPossible, type LinuxHost } from "../../lab/linux/linux-host";
import { aSelector } from "../../session/sample";
import { plainPlan, planFor } from "../memory-fleet";
import { howToVisit } from "../visit-of-another-process";

const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";
/** The fake host's programs are real processes, so the clock is real too, only faster. */
const haste = 20;
const clock: Clock = {
  now: () => performance.now() * haste,
  date: () => new Date(),
  after: (ms, wake) => systemClock.after(ms / haste, wake),
  sleep: (ms, signal) => systemClock.sleep(ms / haste, signal),
};

let host: LinuxHost;
afterEach(() => host.close());

/** The answer to a reset; undefined passes it to the host. Throws to fail it before it is sent. */
type OnReset = () => ExecResult | undefined;
const doneNothing: ExecResult = { code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() };

/** Runs with `ifStuck: "reset"`. */
async function run(onTerminate: "closes" | "ignores", onReset: OnReset): Promise<HostReport> {
  host = createLinuxHost({ sessions: [{ user: "alice", id: "500", tty: "pts/0", onTerminate }] });
  const connect: Connect = async (asked, signal) => {
    const connection = await host.connect(asked, signal);
    return {
      ...connection,
      exec: async (command, options) => {
        const answer = command.includes("kill-session") ? onReset() : undefined;
        if (answer === undefined) return connection.exec(command, options);
        await options.beforeSend?.();
        return answer;
      },
    };
  };
  const plan = {
    ...plainPlan,
    ifStuck: "reset",
    timeouts: { commandMs: 30_000, logoffMs: 10_000, totalMs: null },
    hosts: [planFor({ selector: aSelector({ all: true }) }, "host1")],
  } as const;
  const report = await runRollout(
    plan,
    {
      connect,
      clock,
      slots: new ConnectionSlots(unlimitedFiles),
      turns: new KeyedMutex(),
      readOnly: undefined,
      ...howToVisit(),
      onProgress: () => undefined,
    },
    new AbortController().signal,
  );
  const [only] = report.hosts;
  assert.ok(only);
  return only;
}

describe("a session that leaves processes behind", { skip }, () => {
  it("is reset again if the connection was lost before the reset was sent", { timeout: 60_000 }, async () => {
    let losses = 0;
    const report = await run("closes", () => {
      losses += 1;
      if (losses === 1) throw new LogoffError("connection-lost", "Lost the connection", { sent: false });
      return undefined;
    });
    const alice = report.sessions.find(({ session }) => session.id === "500");
    assert.deepEqual([losses, report.status, alice?.outcome], [2, "ok", "logged-off"]);
    assert.deepEqual(
      report.warnings.filter((warning) => /left processes/u.test(warning)),
      [],
    );
  });

  it("is reported without advice to reset if a reset does not end the processes", async () => {
    const report = await run("closes", () => doneNothing);
    const [warning = ""] = report.warnings.filter((text) => /left processes behind/u.test(text));
    assert.match(warning, /the reset did not end them either/u);
  });

  it("is reported if it hung until it was reset", async () => {
    const report = await run("ignores", () => {
      const properties = host.file("sessions/500/properties") ?? "";
      host.writeFile("sessions/500/properties", properties.replace("State=active", "State=closing"));
      return doneNothing;
    });
    assert.equal(report.status, "ok");
    assert.ok(report.warnings.some((warning) => /left processes behind/u.test(warning)));
  });

  it("needs a restart if a reset does not end it", async () => {
    const report = await run("ignores", () => doneNothing);
    assert.match(
      report.error?.message ?? "",
      /the reset did not end it either: restart the host; still running: bash, sshd$/u,
    );
  });

  for (const onTerminate of ["closes", "ignores"] as const) {
    it(
      `does not keep a run waiting forever if no reset is sent (${onTerminate})`,
      { timeout: 60_000 },
      async () => {
        const report = await run(onTerminate, () => {
          throw new LogoffError("connection-lost", "Lost the connection", { sent: false });
        });
        const alice = report.sessions.find(({ session }) => session.id === "500");
        assert.equal(alice?.outcome, onTerminate === "closes" ? "logged-off" : "still-present");
        assert.doesNotMatch(`${report.error?.message} ${report.warnings.join()}`, /reset did not end/u);
      },
    );
  }
});

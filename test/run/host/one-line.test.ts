/** Hosts on which several programs in one command line are not answered as they should be. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Connect, Exec } from "../../../provider/connection";
import type { HostReport } from "../../../provider/report/report";
import { fleetOf, type Fleet } from "../memory-fleet";

const second = 1000;
const alice = { id: 2, user: "alice" };
const bob = { id: 3, user: "bob" };

let fleet: Fleet;
afterEach(() => assert.deepEqual(fleet.unexpected, []));

/** The fleet's hosts, whose commands `exec` changes. */
function changed(exec: (real: Exec) => Exec): Connect {
  return async (host, signal) => {
    const connection = await fleet.connect(host, signal);
    return {
      warnings: connection.warnings,
      exec: exec(connection.exec),
      close: () => connection.close(),
    };
  };
}

function outcomes({ sessions }: HostReport): string[] {
  return sessions.flatMap(({ session: { user }, outcome }) =>
    user === undefined ? [] : [`${user} ${outcome}`],
  );
}

function sent(prefix: string): number {
  return fleet.hosts[0]?.commands.filter(({ command }) => command.startsWith(prefix)).length ?? 0;
}

describe("a host that prints another text before each answer", () => {
  it("is not changed, because the list after the logoffs cannot be read", async () => {
    fleet = fleetOf({ sessions: [alice, bob] });
    const tips = ["apples", "pears", "plums", "figs", "dates", "limes", "melons", "cherries", "quinces"];
    let asked = 0;
    const withTip = (real: Exec): Exec => {
      return async (command, options) => {
        const tip = Buffer.from(`Tip of the day: eat ${tips[asked++ % tips.length]}\r\n`);
        const result = await real(command, options);
        return { ...result, stdout: Buffer.concat([tip, result.stdout]) };
      };
    };
    const report = await fleet.runOne({}, { connect: changed(withTip) });
    assert.equal(report.error?.code, "output-unrecognised");
    assert.deepEqual([sent("logoff.exe"), fleet.hosts[0]?.model.people()], [0, ["alice", "bob"]]);
  });
});

describe("a host that takes too long for one line", () => {
  it("is asked in commands of their own if its programs together exceed the timeout", async () => {
    const slow = ["chcp", "qwinsta", "quser", "reg"].map((name) => ({
      on: new RegExp(`^${name}`, "u"),
      times: 1000,
      trouble: { delayMs: 8 * second },
    }));
    fleet = fleetOf({ sessions: [alice], faults: slow });
    const report = await fleet.runOne();
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["alice logged-off"]]);
  });

  it("is asked in commands of their own if it never answers the line", async () => {
    fleet = fleetOf({ sessions: [alice] });
    const silent = (real: Exec): Exec => {
      return async (command, options) => {
        if (!command.startsWith("echo '&")) return real(command, options);
        await fleet.clock.sleep(options.timeoutMs, options.signal ?? new AbortController().signal);
        throw new LogoffError("timed-out", "No answer");
      };
    };
    const report = await fleet.runOne({}, { connect: changed(silent) });
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["alice logged-off"]]);
  });

  it("is verified in commands of their own if only later lists are slow", async () => {
    const slow = [/^qwinsta/u, /^quser/u].map((on) => ({
      on,
      after: 1,
      times: 1000,
      trouble: { delayMs: 16 * second },
    }));
    fleet = fleetOf({ sessions: [alice], faults: slow });
    const report = await fleet.runOne();
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["alice logged-off"]]);
  });
});

describe("a session whose turn comes when the first list is too old", () => {
  it("is logged off after another list, although the others have taken all the time", async () => {
    const blocked = { kind: "blocks" } as const;
    fleet = fleetOf({
      sessions: [
        { ...alice, onLogoff: blocked },
        { ...bob, onLogoff: blocked },
        { id: 4, user: "carol" },
      ],
    });
    const timeouts = { commandMs: 30 * second, logoffMs: 20 * second, totalMs: null };
    const report = await fleet.runOne({ timeouts });
    assert.ok(outcomes(report).includes("carol logged-off"), outcomes(report).join());
    assert.equal(sent("logoff.exe 4"), 1);
  });
});

describe("a boot ID that the first line does not tell", () => {
  it("is asked for once more in commands of their own", async () => {
    const invalid = { code: 1, stderr: "ERROR: Invalid syntax.\r\n", instead: true };
    fleet = fleetOf({
      sessions: [alice],
      faults: [{ on: /^reg\.exe/u, times: 2, trouble: invalid }],
    });
    const report = await fleet.runOne();
    assert.match(String(report.bootId), /BootId=/u);
    assert.deepEqual(report.warnings, []);
  });
});

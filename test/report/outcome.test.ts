import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitStatusOf } from "../../provider/report/outcome";
import type { HostStatus, Report } from "../../provider/report/report";
import { fleetOf } from "../run/memory-fleet";

async function reportOf(statuses: readonly HostStatus[], ended?: Report["ended"]): Promise<Report> {
  const report = await fleetOf(...statuses.map(() => ({ sessions: [] }))).run();
  const hosts = report.hosts.map((host, index) => ({ ...host, status: statuses[index] ?? host.status }));
  return { ...report, hosts, ...(ended === undefined ? {} : { ended }) };
}

const untried = { code: "auth-rejected", message: "not tried" } as const;
const outside = { code: "outside-window", message: "waits for the window" } as const;
const late = { code: "timed-out", message: "Stopped after 60 s" } as const;
const limited = { code: "limit-exceeded", message: "No host was changed" } as const;
const exceeded = { code: "budget-exceeded", message: "Stopped after 2 failed hosts" } as const;

describe("the exit status", () => {
  for (const [statuses, any, budget] of [
    [["ok", "ok"], 0, 0],
    [["ok", "failed"], 1, 0],
    [["ok", "skipped"], 1, 0],
  ] as const) {
    it(`is ${any} for ${statuses.join(" and ")}, or ${budget} with budget`, async () => {
      const report = await reportOf(statuses);
      assert.equal(exitStatusOf(report, "any", false), any);
      assert.equal(exitStatusOf(report, "budget", false), budget);
      assert.equal(exitStatusOf(report, "any", true), 130);
    });
  }

  for (const [what, code, ended, budget] of [
    ["were skipped to protect others", untried, undefined, 0],
    ["wait for the window", outside, outside, 0],
    ["were skipped because the total time ran out", late, late, 0],
    ["were skipped after too many failures", exceeded, exceeded, 1],
    ["were refused by a limit", limited, limited, 1],
  ] as const) {
    it(`is ${budget} with budget when hosts ${what}`, async () => {
      const report = await reportOf(["ok", "skipped"], ended);
      const hosts = report.hosts.map((host) => (host.status === "ok" ? host : { ...host, error: code }));
      assert.equal(exitStatusOf({ ...report, hosts }, "any", false), 1);
      assert.equal(exitStatusOf({ ...report, hosts }, "budget", false), budget);
    });
  }

  it("is 1 with budget when the last hosts exceed it", async () => {
    const report = await reportOf(["failed", "failed"], exceeded);
    assert.equal(exitStatusOf(report, "budget", false), 1);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitStatusOf } from "../../provider/cli/exit-status";
import type { HostStatus, Report } from "../../provider/report/report";
import { fleetOf } from "../host-run/memory-fleet";

async function reportOf(statuses: readonly HostStatus[], ended?: Report["ended"]): Promise<Report> {
  const report = await fleetOf(...statuses.map(() => ({ sessions: [] }))).run();
  const hosts = report.hosts.map((host, index) => ({ ...host, status: statuses[index] ?? host.status }));
  return { ...report, hosts, ...(ended === undefined ? {} : { ended }) };
}

const exceeded = { code: "budget-exceeded", message: "Stopped after 2 failed hosts" } as const;

describe("the exit status", () => {
  for (const [statuses, any, budget] of [
    [["ok", "ok"], 0, 0],
    [["ok", "failed"], 1, 0],
    [["ok", "skipped"], 1, 1],
  ] as const) {
    it(`of ${statuses.join(" and ")} is ${any}, with --fail-on budget ${budget}`, async () => {
      const report = await reportOf(statuses);
      assert.equal(exitStatusOf(report, "any", false), any);
      assert.equal(exitStatusOf(report, "budget", false), budget);
      assert.equal(exitStatusOf(report, "any", true), 130);
    });
  }

  it("with --fail-on budget is 1 when the budget is exceeded by the last hosts, and nobody is left over", async () => {
    const report = await reportOf(["failed", "failed"], exceeded);
    assert.equal(exitStatusOf(report, "budget", false), 1);
  });
});

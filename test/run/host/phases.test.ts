import assert from "node:assert/strict";
import { it } from "node:test";
import { fleetOf } from "../memory-fleet";

it("a report shows the phases of each host's time", async () => {
  const fleet = fleetOf(
    { sessions: [{ user: "alice", onLogoff: { kind: "closes", ms: 5_000 } }] },
    { sessions: [] },
  );
  const { hosts } = await fleet.run({
    warn: { message: "x", gracePeriodMs: 60_000, remindersMs: [], ifUndelivered: "continue" },
    rollout: { parallel: 1, waves: [], pauseMs: 0, maxFailures: null },
  });
  const phases = hosts.map((host) => host.phases ?? []);
  assert.deepEqual(
    phases.map((all) => all.map(({ phase }) => phase)),
    [
      ["waited", "connected", "warned", "logged-off", "verified"],
      ["waited", "connected"],
    ],
  );
  const [first = [], second = []] = phases;
  assert.ok((first[2]?.toMs ?? 0) - (first[2]?.fromMs ?? 0) >= 59_000);
  assert.ok((first[4]?.toMs ?? 0) - (first[4]?.fromMs ?? 0) >= 4_000);
  // The second host waits for the first visit to the first host, but not for its grace period.
  assert.ok((second[0]?.toMs ?? 0) > 0 && (second[0]?.toMs ?? 0) < 1_000);
  for (const { fromMs, toMs } of phases.flat()) assert.ok(fromMs >= 0 && toMs >= fromMs);
});

import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostPlan, WaveSize } from "../../provider/plan/plan";
import { isExceeded, wavesOf } from "../../provider/run/waves";
import { planFor } from "./memory-fleet";

function hosts(count: number): HostPlan[] {
  return Array.from({ length: count }, (_, index) => planFor({}, `host${index + 1}`));
}

function sizes(count: number, ...waves: readonly WaveSize[]): number[] {
  return wavesOf(hosts(count), waves).map((wave) => wave.length);
}

describe("wavesOf", () => {
  it("is one wave by default", () => {
    assert.deepEqual(sizes(7), [7]);
    assert.deepEqual(sizes(0), []);
  });
  it("repeats the last size", () => {
    assert.deepEqual(sizes(7, { hosts: 1 }, { hosts: 2 }), [1, 2, 2, 2]);
    assert.deepEqual(sizes(5, { hosts: 3 }), [3, 2]);
  });
  it("takes percentages of all hosts, rounded down, but at least one", () => {
    assert.deepEqual(sizes(25, { hosts: 1 }, { percent: 10 }, { percent: 50 }), [1, 2, 12, 10]);
    assert.deepEqual(sizes(3, { percent: 10 }), [1, 1, 1]);
    assert.deepEqual(sizes(10, { percent: 100 }), [10]);
  });
  it("puts jump hosts last, in their own wave", () => {
    const [bastion, ...rest] = hosts(4);
    assert.ok(bastion);
    const behind = rest.map(({ host, selector }) => ({
      host: { ...host, jumpHosts: [bastion.host] },
      selector,
    }));
    const waves = wavesOf([bastion, ...behind], [{ hosts: 2 }]);
    assert.deepEqual(
      waves.map((wave) => wave.map(({ host }) => host.address)),
      [["host2", "host3"], ["host4"], ["host1"]],
    );
  });
  it("also puts jump hosts last that are named only in ssh_config", () => {
    const waves = wavesOf(hosts(3), [], new Map([["host2:22", ["host1:22"]]]));
    assert.deepEqual(
      waves.map((wave) => wave.map(({ host }) => host.address)),
      [["host2", "host3"], ["host1"]],
    );
  });
  it("puts a jump host into an earlier wave than the jump host in front of it", () => {
    const [nearer, farther, target] = hosts(3);
    assert.ok(nearer && farther && target);
    const behind = { ...farther, host: { ...farther.host, jumpHosts: [nearer.host] } };
    const last = { ...target, host: { ...target.host, jumpHosts: [nearer.host, behind.host] } };
    assert.deepEqual(
      wavesOf([nearer, behind, last], []).map((wave) => wave.map(({ host }) => host.address)),
      [["host3"], ["host2"], ["host1"]],
    );
  });
  it("puts a relay after its servers", () => {
    const relay = planFor({}, "mgmt");
    const behind = planFor({ server: "rdsh1" }, "mgmt");
    assert.deepEqual(
      wavesOf([relay, behind], []).map((wave) => wave.map(({ host }) => host.label)),
      [["mgmt:22>rdsh1"], ["mgmt:22"]],
    );
  });
  it("contains every host exactly once", () => {
    const size = fc.oneof(
      fc.record({ hosts: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(size, { maxLength: 4 }), (count, waves) => {
        const all = hosts(count);
        assert.deepEqual(wavesOf(all, waves).flat(), all);
      }),
    );
  });
});

describe("isExceeded", () => {
  const failed = (inRun: number, inWave: number, waveSize: number) => ({ inRun, inWave, waveSize });
  it("counts failures over the whole run or the wave", () => {
    assert.equal(isExceeded({ hosts: 2 }, failed(2, 2, 10)), false);
    assert.equal(isExceeded({ hosts: 2 }, failed(3, 1, 10)), true);
    assert.equal(isExceeded({ hosts: 0 }, failed(1, 1, 10)), true);
    assert.equal(isExceeded({ percent: 20 }, failed(9, 2, 10)), false);
    assert.equal(isExceeded({ percent: 20 }, failed(9, 3, 10)), true);
    assert.equal(isExceeded({ percent: 5 }, failed(1, 1, 10)), true);
  });
});

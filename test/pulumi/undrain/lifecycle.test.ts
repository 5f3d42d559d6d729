import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Lifecycle, Props } from "../../../provider/pulumi/common/contract";
import { PartialFailure } from "../../../provider/pulumi/common/partial-failure";
import { lifecycleOn } from "../../../provider/pulumi/dynamic/lifecycle";
import { hostUndrain } from "../../../provider/pulumi/undrain/host-undrain";
import type { UndrainResults } from "../../../provider/pulumi/undrain/state";
import type { MemoryHostOptions } from "../../run/memory-fleet";
import { undrainFront, type UndrainFront } from "./undrain-front";

type Outs = Props & UndrainResults;

const minute = 60_000;
const drained: MemoryHostOptions = { drain: "drain" };
const ours = { drained: "until-destroy" };

function started(...options: readonly MemoryHostOptions[]): {
  front: UndrainFront;
  provider: Lifecycle;
  inputs: (more?: Props) => Props;
} {
  const front = undrainFront(...options);
  const hosts = options.map((_, index) => `host${index + 1}`);
  const closedBy = Object.fromEntries(hosts.map((host) => [`${host}:22`, ours]));
  const inputs = (more: Props = {}): Props => ({ resourceName: "open", hosts, closedBy, ...more });
  return { front, provider: lifecycleOn(front, hostUndrain), inputs };
}

/** The boot IDs as SessionLogoff has read them. */
function bootIds(front: UndrainFront): Props {
  return Object.fromEntries(
    front.fleet.hosts.map(({ model }, index) => [`${model.name.toLowerCase()}:22`, front.bootId(index + 1)]),
  );
}

async function partial(
  work: Promise<unknown>,
): Promise<{ id: string; outs: Outs; reasons: readonly string[] }> {
  const thrown = await work.then(
    () => assert.fail("it did not fail"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof PartialFailure, String(thrown));
  return { id: thrown.id, outs: thrown.properties as Outs, reasons: thrown.reasons };
}

function statuses({ hostResults }: Outs): Props {
  return Object.fromEntries(
    Object.entries(hostResults).map(([label, { status, drained: how, error }]) => [
      label,
      [status, how, ...(error === undefined ? [] : [error.code])].join(" "),
    ]),
  );
}

describe("create", () => {
  it("waits until hosts have restarted, and lifts their drains", async () => {
    const { front, provider, inputs } = started(drained, drained);
    const restartedSince = bootIds(front);
    for (const index of [1, 2]) front.host(index).restart({ answersForMs: 5000, downForMs: 2 * minute });
    const { id, outs } = await provider.create(inputs({ restartedSince }));
    const { readyHosts, hostResults, finishedAt, stateVersion } = outs as Outs;
    assert.deepEqual([id, readyHosts, stateVersion], ["id-1", ["host1:22", "host2:22"], 1]);
    assert.deepEqual(hostResults["host1:22"], {
      status: "ok",
      drained: "undrained",
      bootId: front.bootId(1),
    });
    assert.ok(Date.parse(finishedAt) >= Date.parse("2026-11-23T22:02:00Z"), finishedAt);
    for (const index of [1, 2]) assert.equal(front.host(index).model.drain(), "open");
    assert.deepEqual(front.fleet.unexpected, []);
  });

  it("says of a few hosts what each one lacks, and when it is back", async () => {
    const { front, provider, inputs } = started(drained);
    const restartedSince = bootIds(front);
    front.host(1).restart({ downForMs: minute });
    await provider.create(inputs({ restartedSince }));
    const told = front.lines.map((line) => line.replace(/[0-9]m[0-9]*s?/gu, "…"));
    assert.match(told[0] ?? "", /^open: host1:22: waits: last seen: /u);
    assert.ok(told.some((line) => line.startsWith("open: host1:22: waits: it has restarted, which")));
    assert.deepEqual(told.slice(-2), [
      "open: host1:22: accepts new logons again",
      "open: host1:22: back after …",
    ]);
  });

  it("counts many hosts now and then, and names the slowest at the end", async () => {
    const { front, provider, inputs } = started(...Array.from({ length: 25 }, () => drained));
    front.host(7).restart({ downForMs: 5 * minute });
    await provider.create(inputs());
    const counting = front.lines.filter((line) => /[0-9]+ of 25 hosts accept new logons/u.test(line));
    assert.ok(counting.length > 2 && counting.length < 12, front.lines.join("\n"));
    assert.ok(counting.includes("open: 24 of 25 hosts accept new logons, 1 awaited"));
    assert.deepEqual(
      front.lines.slice(-2).map((line) => line.replace(/\(.*\)/u, "(…)")),
      ["open: 25 of 25 hosts accept new logons", "open: slowest hosts: host7:22 (…)"],
    );
    assert.ok(!front.lines.some((line) => line.includes("waits:")));
  });

  it("keeps a partial state, and says which hosts do not accept logons yet", async () => {
    const { front, provider, inputs } = started(drained, drained, drained);
    const restartedSince = bootIds(front);
    front.host(1).restart({ downForMs: minute });
    front.host(2).restart({ downForMs: "for-ever" });
    const { id, outs, reasons } = await partial(
      provider.create(inputs({ restartedSince, timeouts: { total: "10m" } })),
    );
    assert.equal(id, "id-1");
    assert.deepEqual(outs.readyHosts, ["host1:22"]);
    assert.deepEqual(statuses(outs), {
      "host1:22": "ok undrained",
      "host2:22": "failed left not-back",
      "host3:22": "failed left not-restarted",
    });
    assert.equal(
      reasons[0],
      'open: 2 of 3 hosts do not accept logons yet (1 not-back, 1 not-restarted); the next "pulumi up" waits only for these',
    );
    assert.match(
      reasons[1] ?? "",
      /^host2:22: not-back: Cannot undrain "host2:22": it was not back within 10m/u,
    );
    assert.match(reasons[2] ?? "", /^host3:22: not-restarted: /u);
    assert.deepEqual(outs["restartedSince"], restartedSince);
  });

  it("says of a host without a boot ID of before what to do, and does not contact it", async () => {
    const { front, provider, inputs } = started(drained);
    await assert.rejects(provider.create(inputs({ restartedSince: {} })), (error: Error) => {
      assert.ok(!(error instanceof PartialFailure));
      assert.match(error.message, /1 of 1 host does not accept logons yet \(1 not-restarted\)/u);
      assert.match(
        error.message,
        /`restartedSince` has no entry for it; run SessionLogoff on it again with a new trigger, or leave out `restartedSince`/u,
      );
      return true;
    });
    assert.equal(front.attempts(), 0);
  });

  it("leaves hosts alone that `only` does not name", async () => {
    const { front, provider, inputs } = started(drained, drained);
    const { outs } = await provider.create(inputs({ only: ["host2:22"] }));
    assert.deepEqual((outs as Outs).readyHosts, ["host2:22"]);
    assert.deepEqual([front.host(1).attemptsMs, front.host(1).model.drain()], [[], "drain"]);
  });

  const lifting: readonly (readonly [what: string, MemoryHostOptions, more: Props, expected: string])[] = [
    ["our drain", drained, {}, "ok undrained"],
    ["an open host", {}, {}, "ok no"],
    [
      "a drain until the restart without `closedBy`",
      { drain: "until-restart" },
      { closedBy: undefined },
      "ok undrained",
    ],
    ["another drain without `closedBy`", drained, { closedBy: undefined }, "failed already drain-failed"],
    ["a host that `closedBy` does not name", drained, { closedBy: {} }, "failed already drain-failed"],
    [
      "a drain of somebody else",
      drained,
      { closedBy: { "host1:22": { drained: "already" } } },
      "failed already drain-failed",
    ],
    ["another mode than ours", { drain: "until-restart" }, {}, "failed already drain-failed"],
    ["a drain of somebody else with `force`", drained, { closedBy: {}, force: true }, "ok undrained"],
  ];
  for (const [what, options, more, expected] of lifting) {
    it(`lifts what it may: ${what}`, async () => {
      const { provider, inputs } = started(options);
      const outs = await provider.create(inputs(more)).then(
        (created) => created.outs as Outs,
        (thrown: unknown) => (thrown as PartialFailure).properties as Outs,
      );
      assert.deepEqual(statuses(outs), { "host1:22": expected });
    });
  }

  it("says how to open a host that somebody else has closed", async () => {
    const { provider, inputs } = started(drained);
    const { reasons } = await partial(provider.create(inputs({ closedBy: {} })));
    assert.match(reasons[1] ?? "", /left as it is; open it there, or set `force: true` to open it anyway$/u);
  });

  it("throws a plain error if the inputs cannot be used, and contacts nobody", async () => {
    const { front, provider, inputs } = started(drained);
    await assert.rejects(provider.create(inputs({ only: ["nobody:22"] })), (error: LogoffError) => {
      assert.equal(error.code, "plan-invalid");
      assert.match(error.message, /^open: inputs cannot be used:\n {2}only\[0\]: /u);
      return true;
    });
    assert.equal(front.attempts(), 0);
  });

  it("writes reports, and warns of one that cannot be written", async () => {
    const { front, provider, inputs } = started(drained, drained);
    front.host(2).down = new LogoffError("host-unreachable", "it is away");
    const report = ["a.json", "/full/b.html"];
    await partial(provider.create(inputs({ report, timeouts: { total: "1m" } })));
    const { report: written, exitStatus } = front.written.get("a.json") ?? assert.fail("no report");
    assert.equal(exitStatus, 1);
    assert.deepEqual(
      written.hosts.map(({ host, status, drained: how, error }) => [host, status, how, error?.code]),
      [
        ["host1:22", "ok", "undrained", undefined],
        ["host2:22", "failed", "until-destroy", "not-back"],
      ],
    );
    assert.ok(front.lines.some((line) => line.includes("warning: disk full")));
  });

  it("is bounded by the call's time too", async () => {
    const front = undrainFront(drained);
    front.host(1).restart({ downForMs: "for-ever" });
    const methods = hostUndrain.methodsIn(front);
    const voice = { say: front.print, warn: front.print };
    const call = { name: "open", voice, configuration: {}, runs: front.runs, mostMs: 90_000 };
    const { reasons } = await partial(methods.create({ hosts: ["host1"] }, call));
    assert.match(reasons[1] ?? "", /not back within 1m30s/u);
    assert.ok(front.clock.now() < 2 * minute);
  });
});

describe("update", () => {
  it("waits only for hosts that are pending", async () => {
    const { front, provider, inputs } = started(drained, drained);
    const news = inputs({ restartedSince: bootIds(front), timeouts: { total: "5m" } });
    front.host(1).restart();
    const { id, outs: olds } = await partial(provider.create(news));
    const before = front.host(1).attemptsMs.length;
    assert.deepEqual(await provider.diff(id, olds, news), { changes: true });
    assert.equal(front.lines.at(-1), "open: waits for 1 of 2 hosts (1 failed)");
    front.host(2).restart();
    const { outs } = await provider.update(id, olds, news);
    assert.deepEqual(statuses(outs as Outs), { "host1:22": "ok undrained", "host2:22": "ok undrained" });
    assert.equal(front.host(1).attemptsMs.length, before);
    assert.notEqual((outs as Outs).finishedAt, olds.finishedAt);
    assert.deepEqual(await provider.diff(id, outs, news), { changes: false });
  });

  it("waits for every host when triggers change", async () => {
    const { front, provider, inputs } = started(drained, drained);
    const { id, outs: olds } = await provider.create(inputs({ triggers: [1] }));
    front.host(1).model.setDrain("drain");
    const { outs } = await provider.update(id, olds, inputs({ triggers: [2] }));
    assert.deepEqual(statuses(outs as Outs), { "host1:22": "ok undrained", "host2:22": "ok no" });
  });

  it("stores inputs without contacting a host, and keeps every output", async () => {
    const { front, provider, inputs } = started(drained);
    const { id, outs: olds } = await provider.create(inputs());
    const before = front.attempts();
    const news = inputs({ closedBy: {}, restartedSince: {}, timeouts: { total: "1h" } });
    assert.deepEqual(await provider.diff(id, olds, news), { changes: true });
    assert.match(front.lines.at(-1) ?? "", /stores inputs, contacts no host \(/u);
    const { outs } = await provider.update(id, olds, news);
    const { hostResults, readyHosts, finishedAt } = olds as Outs;
    assert.deepEqual(outs, { ...news, hostResults, readyHosts, finishedAt, stateVersion: 1 });
    assert.equal(front.attempts(), before);
  });

  it("adds the SDK's text to outputs that the plugin has written", async () => {
    const { front, provider, inputs } = started(drained);
    const { id, outs: olds } = await provider.create(inputs());
    const news = inputs({ __provider: "text" });
    assert.deepEqual(await provider.diff(id, olds, news), { changes: true });
    assert.equal(front.lines.at(-1), "open: stores inputs, contacts no host");
    const before = front.attempts();
    const { outs } = await provider.update(id, olds, news);
    assert.deepEqual(await provider.diff(id, outs, news), { changes: false });
    assert.equal(front.attempts(), before);
  });

  it("forgets a host that the program no longer names", async () => {
    const { front, provider, inputs } = started(drained, drained);
    const { id, outs: olds } = await provider.create(inputs());
    const before = front.attempts();
    const { outs } = await provider.update(id, olds, inputs({ only: ["host1:22"] }));
    assert.deepEqual(Object.keys((outs as Outs).hostResults), ["host1:22"]);
    assert.equal(front.attempts(), before);
  });

  it("keeps finishedAt if no host was contacted", async () => {
    const { front, provider, inputs } = started(drained);
    const { id, outs: olds } = await provider.create(inputs({ triggers: [1] }));
    const { finishedAt } = olds as Outs;
    const news = inputs({ triggers: [2], restartedSince: {} });
    const { outs } = await partial(provider.update(id, olds, news));
    assert.deepEqual(
      [outs.finishedAt, statuses(outs)],
      [finishedAt, { "host1:22": "skipped left not-restarted" }],
    );
    assert.equal(front.host(1).model.drain(), "open");
  });
});

describe("read and delete", () => {
  it("contact nobody and change nothing", async () => {
    const { front, provider, inputs } = started(drained);
    front.host(1).down = new LogoffError("host-unreachable", "it is away");
    const { id, outs } = await partial(provider.create(inputs({ timeouts: { total: "1m" } })));
    const before = front.attempts();
    assert.deepEqual(await provider.read(id, outs), { id, props: outs });
    await provider.delete(id, outs);
    assert.equal(front.attempts(), before);
  });
});

describe("a wait that is cancelled", () => {
  it("keeps what is done, and waits for the rest in the next update", async () => {
    const { front, provider, inputs } = started(drained, drained);
    front.host(2).restart({ downForMs: 10 * minute });
    front.fleet.clock.at(minute, () => front.cancel("somebody pressed Ctrl-C", "patient"));
    const news = inputs();
    const { id, outs } = await partial(provider.create(news));
    assert.deepEqual(statuses(outs), { "host1:22": "ok undrained", "host2:22": "failed left aborted" });
    assert.match(
      outs.hostResults["host2:22"]?.error?.message ?? "",
      /^Stopped waiting for "host2:22": it may still refuse new logons; last seen: /u,
    );
    const { outs: later } = await provider.update(id, outs, news);
    assert.deepEqual(statuses(later as Outs), { "host1:22": "ok undrained", "host2:22": "ok undrained" });
  });

  it("ends in time even if a connection never answers", async () => {
    const front = undrainFront(drained, drained);
    const { connect } = front;
    const hanging = lifecycleOn(
      {
        ...front,
        connect: (host, signal) =>
          host.address === "host2" ? new Promise(() => undefined) : connect(host, signal),
      },
      hostUndrain,
    );
    const closedBy = { "host1:22": ours };
    const running = partial(hanging.create({ resourceName: "open", hosts: ["host1", "host2"], closedBy }));
    await front.says("host1:22: back after");
    front.cancel("the engine has ended");
    const { outs } = await running;
    assert.deepEqual(statuses(outs), { "host1:22": "ok undrained", "host2:22": "skipped left aborted" });
  });
});

describe("a partial state that is too large", () => {
  it("keeps of SessionLogoff's results only what is read", async () => {
    const { front, provider, inputs } = started(drained);
    front.host(1).down = new LogoffError("host-unreachable", "it is away");
    const closedBy = Object.fromEntries(
      Array.from({ length: 4000 }, (_, index) => [
        `h${index}:22`,
        { drained: "until-restart", error: { message: "x".repeat(1000) } },
      ]),
    );
    const { outs } = await partial(provider.create(inputs({ closedBy, timeouts: { total: "1m" } })));
    assert.deepEqual((outs["closedBy"] as Props)["h7:22"], { drained: "until-restart" });
    assert.ok(JSON.stringify(outs).length < 400_000);
    const { changes } = await provider.diff(
      "id",
      { ...outs, hostResults: { "host1:22": { status: "ok" } } },
      inputs({ closedBy, timeouts: { total: "1m" } }),
    );
    assert.equal(changes, false);
  });
});

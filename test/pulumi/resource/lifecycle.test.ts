import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ConnectionSlots } from "../../../provider/base/connection-slots";
import { LogoffError } from "../../../provider/base/errors";
import { unknownValue } from "../../../provider/plan/unknown";
import { configure } from "../../../provider/pulumi/dynamic/provider";
import type { Lifecycle, Props } from "../../../provider/pulumi/common/contract";
import { lifecycleOn } from "../../../provider/pulumi/dynamic/lifecycle";
import { PartialFailure } from "../../../provider/pulumi/common/partial-failure";
import { previewText } from "../../../provider/pulumi/resource/preview";
import type { Results } from "../../../provider/pulumi/resource/state";
import { sessionLogoff } from "../../../provider/pulumi/resource/session-logoff";
import { until } from "../../lab/until";
import { holdsCommand } from "../../report/sample";
import { handClock } from "../process/hand-clock";
import { fakeFront, type FakeFront } from "./fake-front";

let front: FakeFront;
let provider: Lifecycle;
beforeEach(() => {
  front = fakeFront({ a: ["alice", "bob"], b: ["carol"], c: [] });
  provider = lifecycleOn(front, sessionLogoff);
});

const down = new LogoffError("host-unreachable", 'Cannot reach "b:22": connection refused');
const inputs = {
  __provider: "text",
  resourceName: "pre-patch",
  hosts: ["a", "b", "c"],
  sessions: { all: true, except: { users: ["bob"] } },
  triggers: [1],
};

function resultsOf(props: Props): Results {
  return props as unknown as Results;
}

/** The partial failure that `work` throws, which the engine stores. */
async function partial(work: Promise<unknown>): Promise<PartialFailure> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof PartialFailure, String(thrown));
  return thrown;
}

function contacted(): string[] {
  return front.contacted
    .splice(0)
    .map(({ label }) => label)
    .sort();
}

/** Resolves when a connection to the host is requested. */
async function connecting(host: string): Promise<void> {
  await until(`${host} was asked for`, () => front.contacted.some(({ label }) => label === host));
}

describe("configure", () => {
  it("returns the stack configuration in our namespace", async () => {
    const values: Record<string, string> = {
      "session-logoff:user": "u",
      "session-logoff:password": "p",
      "other:user": "x",
    };
    assert.deepEqual(await configure({ config: { get: (key) => values[key] } }), {
      user: "u",
      password: "p",
    });
  });
});

describe("check", () => {
  it("returns the inputs as given and no failures", async () => {
    const given = structuredClone(inputs);
    const { inputs: answered, failures } = await provider.check({}, given);
    assert.equal(answered, given);
    assert.deepEqual(given, inputs);
    assert.deepEqual(failures, []);
  });

  it("names every failure at once, never a property, and contacts no host", async () => {
    const { failures } = await provider.check(
      {},
      { ...inputs, hosts: [], connection: { port: 0, password: "" }, x: 1 },
    );
    assert.deepEqual(
      failures.map(({ property, reason }) => [property, reason.split(": ")[0]]),
      [
        ["", "x"],
        ["", "hosts"],
        ["", "connection.port"],
        ["", "connection.password"],
      ],
    );
    assert.deepEqual(contacted(), []);
  });

  it("ignores unknown values", async () => {
    assert.deepEqual(
      (await provider.check({}, { ...inputs, hosts: [unknownValue], connection: unknownValue })).failures,
      [],
    );
  });

  it("also checks the stack configuration", async () => {
    const { failures } = await provider.check({}, inputs, { privateKey: "no key" });
    assert.deepEqual(failures.length, 1);
    assert.match(failures[0]!.reason, /^session-logoff:privateKey: must be/u);
    assert.ok(!failures[0]!.reason.includes("no key"));
  });
});

describe("a host that prints build agent commands", () => {
  it("gets none of them into the output, the reasons for failure or the state", async () => {
    const said = "##vso[task.setvariable variable=x]y";
    front.trouble.set("b", new LogoffError("host-unreachable", `Cannot reach "b:22": it said ${said}`));
    const { reasons, properties } = await partial(provider.create(inputs));
    for (const text of [...front.lines, ...reasons, JSON.stringify(properties)])
      assert.ok(!holdsCommand(text), text);
    assert.ok(reasons.some((reason) => reason.includes("##\u200bvso[")));
    assert.ok(front.lines.some((line) => line.includes("##\u200bvso[")));
  });

  it("gets none of them into the plain error of a run that touched nothing", async () => {
    front.trouble.set("b", new LogoffError("host-unreachable", "::add-mask::y"));
    const stopped = provider.create({ ...inputs, hosts: ["b"] });
    await assert.rejects(stopped, (error: Error) => !holdsCommand(error.message));
  });

  it("gets none of them into a preview", async () => {
    front.trouble.set("b", new LogoffError("host-unreachable", "##[add-mask]y"));
    assert.ok(!holdsCommand(await previewText(inputs, {}, front)));
  });
});

describe("create", () => {
  it("logs off and returns the inputs as given with the results", async () => {
    const { id, outs } = await provider.create(inputs, { user: "u" });
    assert.equal(id, "id-1");
    for (const [name, value] of Object.entries(inputs)) assert.equal(outs[name], value);
    const results = resultsOf(outs);
    assert.deepEqual(results.readyHosts, ["a:22", "b:22", "c:22"]);
    assert.equal(results.totals.loggedOff, 2);
    assert.equal(results.totals.ok, 3);
    assert.match(results.finishedAt, /^\d{4}-/u);
    assert.deepEqual(front.model("a").people(), ["bob"]);
    assert.deepEqual(front.model("b").people(), []);
    assert.ok(front.lines.includes("pre-patch: b:22: done, 1 logged off"), front.lines.join("\n"));
    assert.equal(front.isListening(), false);
  });

  it("uses the stack configuration for missing inputs, and keeps it out of the outputs", async () => {
    const { outs } = await provider.create(
      { ...inputs, connection: { user: "near" } },
      { user: "far", password: "hidden-1" },
    );
    assert.deepEqual(front.contacted[0]?.login.password, { from: "value", value: "hidden-1" });
    assert.equal(front.contacted[0].user, "near");
    assert.ok(!JSON.stringify([outs, front.lines]).includes("hidden-1"));
  });

  it("throws a partial state when a host failed", async () => {
    front.trouble.set("b", down);
    const { id, properties, reasons } = await partial(provider.create(inputs));
    assert.equal(id, "id-1");
    assert.deepEqual(reasons, [
      'pre-patch: 1 of 3 hosts not done (1 failed); the next "pulumi up" runs only these',
      'b:22: host-unreachable: Cannot reach "b:22": connection refused',
    ]);
    assert.deepEqual(properties["hosts"], inputs.hosts);
    const { hostResults, readyHosts } = resultsOf(properties);
    assert.equal(hostResults["b:22"]?.status, "failed");
    assert.deepEqual(readyHosts, ["a:22", "c:22"]);
    assert.deepEqual(front.model("a").people(), ["bob"]);
  });

  it("reports a partial state that is too large to be saved", async () => {
    front.trouble.set("b", down);
    await partial(provider.create({ ...inputs, triggers: ["x".repeat(8_000_000)] }));
    assert.match(
      front.lines.at(-1)!,
      /^pre-patch: warning: The state may be too large to be saved \(8\.\d MB of at most 3\.8\): give credentials once/u,
    );
  });

  it("throws a plain error for invalid inputs", async () => {
    await assert.rejects(provider.create({ ...inputs, hosts: [] }), (error) => {
      assert.ok(error instanceof LogoffError && error.code === "plan-invalid");
      assert.match(error.message, /^pre-patch: inputs cannot be used:\n {2}hosts: must not be empty/u);
      return true;
    });
    assert.deepEqual(contacted(), []);
  });
});

describe("an update", () => {
  async function created(more: object = {}): Promise<Props> {
    const { outs } = await provider.create({ ...inputs, ...more });
    contacted();
    front.lines.splice(0);
    return outs;
  }

  it("is not needed if nothing changed", async () => {
    const olds = await created();
    assert.deepEqual(await provider.diff("id", olds, inputs), { changes: false });
    assert.deepEqual(
      await provider.diff("id", olds, { ...inputs, __provider: "other text", resourceName: "other" }),
      {
        changes: false,
      },
    );
    assert.deepEqual(front.lines, []);
  });

  it("of triggers runs every host", async () => {
    const olds = await created();
    front.model("b").logon({ user: "dave" });
    const news = { ...inputs, triggers: [2] };
    assert.deepEqual(await provider.diff("id", olds, news), { changes: true });
    assert.deepEqual(front.lines, ["pre-patch: runs on 3 of 3 hosts (triggers changed)"]);
    const { outs } = await provider.update("id", olds, news);
    assert.deepEqual(contacted(), ["a:22", "b:22", "c:22"]);
    assert.deepEqual(front.model("b").people(), []);
    assert.deepEqual(outs["triggers"], [2]);
  });

  it("of the connection stores it, contacts no host and changes no output", async () => {
    const olds = await created();
    const { outs } = await provider.update("id", olds, { ...inputs, connection: { user: "other" } });
    assert.deepEqual(contacted(), []);
    assert.deepEqual(outs, { ...olds, connection: { user: "other" } });
  });

  it("runs only new hosts and forgets removed ones", async () => {
    const olds = await created({ hosts: ["a", "b"] });
    const { outs } = await provider.update("id", olds, { ...inputs, hosts: ["b", "c"] });
    assert.deepEqual(contacted(), ["c:22"]);
    assert.deepEqual(resultsOf(outs).readyHosts, ["b:22", "c:22"]);
    assert.equal(resultsOf(outs).totals.hosts, 2);
  });

  it("runs failed hosts until they are done, even after a refresh", async () => {
    front.trouble.set("b", down);
    const { properties } = await partial(provider.create(inputs));
    contacted();
    const { props } = await provider.read("id", properties);
    assert.equal(props, properties);
    front.lines.splice(0);
    assert.deepEqual(await provider.diff("id", props, inputs), { changes: true });
    assert.deepEqual(front.lines, ["pre-patch: runs on 1 of 3 hosts (1 failed)"]);
    const again = await partial(provider.update("id", props, inputs));
    assert.deepEqual(contacted(), ["b:22"]);
    assert.equal(again.id, "id");
    front.trouble.clear();
    const { outs } = await provider.update("id", again.properties, inputs);
    assert.deepEqual(contacted(), ["b:22"]);
    assert.deepEqual(resultsOf(outs).readyHosts, ["a:22", "b:22", "c:22"]);
    assert.equal(resultsOf(outs).totals.loggedOff, 2);
    assert.deepEqual(await provider.diff("id", outs, inputs), { changes: false });
  });

  it("without changes contacts no host, even if the engine requests one", async () => {
    const olds = await created();
    const { outs } = await provider.update("id", olds, inputs);
    assert.deepEqual(contacted(), []);
    assert.deepEqual(outs, olds);
  });

  it("with new triggers and a failing host remembers that the others are done", async () => {
    const olds = await created();
    front.trouble.set("b", down);
    const news = { ...inputs, triggers: [2] };
    const { properties } = await partial(provider.update("id", olds, news));
    contacted();
    front.trouble.clear();
    await provider.update("id", properties, news);
    assert.deepEqual(contacted(), ["b:22"]);
  });
});

describe("reports", () => {
  const report = ["run.json", "run.html"];

  it("are written after every run, even a failed one, and contain the hosts of that run", async () => {
    front.trouble.set("b", down);
    const { properties } = await partial(provider.create({ ...inputs, report }));
    assert.deepEqual([...front.written.keys()], report);
    const { report: first, exitStatus } = front.written.get("run.json") ?? assert.fail();
    assert.deepEqual(
      first.hosts.map(({ host, status }) => [host, status]),
      [
        ["a:22", "ok"],
        ["b:22", "failed"],
        ["c:22", "ok"],
      ],
    );
    assert.deepEqual([exitStatus, first.totals.ok], [1, 2]);
    front.trouble.clear();
    await provider.update("id", properties, { ...inputs, report: "run.xml" });
    const { report: second, exitStatus: status } = front.written.get("run.xml") ?? assert.fail();
    assert.deepEqual([second.hosts.map(({ host }) => host), status], [["b:22"], 0]);
  });

  it("are written when the run is cancelled", async () => {
    front.trouble.set("b", "hang for ever");
    const running = partial(provider.create({ ...inputs, report }));
    await connecting("b:22");
    for (const host of ["a", "c"]) await front.says(`${host}:22: done`);
    front.cancel("the provider received SIGINT");
    await running;
    const { report: written, exitStatus } = front.written.get("run.json") ?? assert.fail();
    assert.deepEqual([written.totals.failed, exitStatus], [1, 130]);
  });

  it("cause only a warning if they cannot be written", async () => {
    front.diskIsFull = true;
    const { outs } = await provider.create({ ...inputs, report });
    assert.deepEqual(resultsOf(outs).readyHosts, ["a:22", "b:22", "c:22"]);
    assert.ok(front.lines.includes('pre-patch: warning: Cannot write "run.json"'), front.lines.join("\n"));
  });

  it("are not written if no host runs", async () => {
    const { outs } = await provider.create(inputs);
    await provider.update("id", outs, { ...inputs, report, connection: { user: "u" } });
    assert.equal(front.written.size, 0);
  });
});

describe("failOn budget", () => {
  const budget = { ...inputs, failOn: "budget" };

  it("lets the resource succeed with the ready hosts and keeps the others pending", async () => {
    front.trouble.set("b", down);
    const { outs } = await provider.create({ ...budget, rollout: { maxFailures: 1 } });
    assert.deepEqual(resultsOf(outs).readyHosts, ["a:22", "c:22"]);
    assert.deepEqual(await provider.diff("id", outs, budget), { changes: true });
  });

  it("fails the resource when too many hosts fail", async () => {
    front.trouble.set("a", down);
    const rollout = { maxFailures: 0, parallel: 1 };
    const { reasons } = await partial(provider.create({ ...budget, rollout }));
    assert.match(reasons[0]!, /3 of 3 hosts not done \(1 failed, 2 skipped\)/u);
  });

  it("fails the resource when the last hosts exceed the budget", async () => {
    for (const host of ["a", "b", "c"]) front.trouble.set(host, down);
    const { reasons } = await partial(provider.create({ ...budget, rollout: { maxFailures: 1 } }));
    assert.match(reasons[0]!, /3 of 3 hosts not done \(3 failed\)/u);
    assert.ok(
      front.lines.some((line) =>
        line.includes("Stopped after 2 failed hosts: `rollout.maxFailures` allows 1"),
      ),
      front.lines.join("\n"),
    );
  });

  it("fails the resource when a limit refuses the run", async () => {
    const { reasons } = await partial(provider.create({ ...budget, limits: { sessions: 1 } }));
    assert.match(
      reasons[1]!,
      /^a:22 and 2 more hosts: limit-exceeded: Cannot log off anybody: .* no host was changed/u,
    );
    assert.deepEqual(front.model("a").people(), ["alice", "bob"]);
  });

  for (const code of ["jump-host-failed", "auth-rejected"] as const) {
    it(`keeps hosts pending that were not tried because of other hosts (${code})`, async () => {
      front.trouble.set("b", new LogoffError(code, 'Did not reach "b:22": not tried', { untried: true }));
      const { outs } = await provider.create(budget);
      assert.equal(resultsOf(outs).totals.skipped, 1);
      assert.deepEqual(resultsOf(outs).readyHosts, ["a:22", "c:22"]);
      assert.deepEqual(await provider.diff("id", outs, budget), { changes: true });
      await assert.rejects(provider.create(inputs), PartialFailure);
    });
  }

  it("applies to the report as to the resource", async () => {
    front.trouble.set("b", down);
    const report = "run.json";
    await provider.create({ ...budget, report });
    assert.equal(front.written.get(report)?.exitStatus, 0);
    await partial(provider.create({ ...budget, report, rollout: { maxFailures: 0 } }));
    assert.equal(front.written.get(report)?.exitStatus, 1);
    await partial(provider.create({ ...inputs, report }));
    assert.equal(front.written.get(report)?.exitStatus, 1);
  });

  it("keeps hosts pending that were not reached within the total time", async () => {
    front.model("a").onLogoff(2, { kind: "closes", ms: 2_000 });
    const report = "run.json";
    const given = { ...budget, report, timeouts: { total: 1 }, rollout: { parallel: 1 } };
    const { outs } = await provider.create(given);
    assert.deepEqual(resultsOf(outs).hostResults["c:22"]?.error?.code, "timed-out");
    assert.equal(front.written.get(report)?.exitStatus, 0);
    assert.deepEqual(await provider.diff("id", outs, given), { changes: true });
  });

  it("fails the resource when the run is cancelled", async () => {
    front.trouble.set("a", "hang");
    const running = partial(provider.create({ ...budget, rollout: { parallel: 1 } }));
    await connecting("a:22");
    front.cancel("the provider received SIGINT");
    assert.match((await running).reasons[0]!, /3 of 3 hosts not done/u);
  });

  it("keeps hosts outside the window pending", async () => {
    const window = { notAfter: "2020-01-01T00:00:00Z" };
    const { outs } = await provider.create({ ...budget, window });
    assert.equal(resultsOf(outs).totals.skipped, 3);
    await assert.rejects(provider.create({ ...inputs, window }), /outside-window/u);
  });
});

describe("delete", () => {
  it("contacts no host", async () => {
    await provider.delete("id", inputs);
    assert.deepEqual(contacted(), []);
  });
});

describe("cancelling", () => {
  it("throws the partial state", async () => {
    front.trouble.set("b", "hang");
    const running = partial(provider.create(inputs));
    await connecting("b:22");
    for (const host of ["a", "c"]) await front.says(`${host}:22: done`);
    front.cancel("the provider received SIGINT");
    const { properties, reasons } = await running;
    assert.deepEqual(resultsOf(properties).readyHosts, ["a:22", "c:22"]);
    assert.equal(resultsOf(properties).hostResults["b:22"]?.error?.code, "aborted");
    assert.match(reasons[1]!, /^b:22: aborted: /u);
    assert.equal(front.isListening(), false);
  });

  it("throws the partial state even if the run never ends", async () => {
    front.trouble.set("a", "hang for ever");
    const running = partial(provider.create({ ...inputs, rollout: { parallel: 1 } }));
    await connecting("a:22");
    front.cancel("the engine is gone");
    const { hostResults } = resultsOf((await running).properties);
    assert.equal(hostResults["a:22"]?.status, "failed");
    assert.equal(hostResults["b:22"]?.status, "skipped");
    contacted();
  });

  it("reports every host of a run whose hosts never answer, and leaves no timer behind", async () => {
    const clock = handClock();
    const hosts = Array.from({ length: 21 }, (_, index) => `h${index}`);
    for (const host of hosts) front.trouble.set(host, "hang for ever");
    const running = partial(lifecycleOn({ ...front, clock }, sessionLogoff).create({ ...inputs, hosts }));
    await connecting("h0:22");
    clock.pass(5000);
    assert.deepEqual(front.lines, ["pre-patch: 0 of 21 hosts done, 0 sessions logged off"]);
    front.cancel("the provider received SIGTERM");
    await running;
    // Twenty hosts were contacted and never answered; the last was never started.
    assert.equal(front.lines.at(-1), "pre-patch: 0 of 21 hosts done, 1 skipped, 0 sessions logged off");
    assert.equal(clock.waiting(), 0);
  });

  it("stops a run that starts a moment later, which contacts no host and loses no state", async () => {
    const { outs } = await provider.create({ ...inputs, hosts: ["c"] });
    front.trouble.set("b", "hang");
    const first = partial(provider.create({ ...inputs, hosts: ["b"] }));
    await connecting("b:22");
    contacted();
    front.cancel("the provider received SIGTERM");
    await assert.rejects(provider.create({ ...inputs, hosts: ["a"] }), (error) => {
      assert.ok(error instanceof Error && !(error instanceof PartialFailure));
      assert.match(error.message, /1 of 1 hosts not done \(1 skipped\).*\na:22: aborted: .*SIGTERM/u);
      return true;
    });
    const { properties } = await partial(
      provider.update("id", outs, { ...inputs, hosts: ["c"], triggers: [2] }),
    );
    assert.deepEqual(resultsOf(properties).hostResults["c:22"]?.status, "skipped");
    assert.equal(resultsOf(properties).finishedAt, resultsOf(outs).finishedAt);
    assert.deepEqual(contacted(), []);
    await first;
    assert.deepEqual(front.model("a").people(), ["alice", "bob"]);
  });

  it("leaves no state if no host has been contacted", async () => {
    const slots = new ConnectionSlots(() => ({ limit: 2, others: 0 }));
    slots.makeRoomFor(1, [{ host: { jumpHosts: [] } }]);
    void slots.run(() => new Promise(() => undefined), new AbortController().signal);
    const busy = { ...front, slots };
    const running = lifecycleOn(busy, sessionLogoff).create(inputs);
    await until("the run has begun", front.isListening);
    front.cancel("the provider received SIGTERM");
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof Error && !(error instanceof PartialFailure));
      assert.match(error.message, /3 of 3 hosts not done \(3 skipped\)/u);
      return true;
    });
  });
});

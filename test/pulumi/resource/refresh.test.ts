import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Lifecycle, Props } from "../../../provider/pulumi/common/contract";
import { lifecycleOn } from "../../../provider/pulumi/dynamic/lifecycle";
import type { Results } from "../../../provider/pulumi/resource/state";
import { sessionLogoff } from "../../../provider/pulumi/resource/session-logoff";
import { until } from "../../lab/until";
import { fakeFront, type FakeFront } from "./fake-front";

let front: FakeFront;
let provider: Lifecycle;
beforeEach(() => {
  front = fakeFront({ a: ["alice", "svc-1"], b: ["bob"], c: [] });
  provider = lifecycleOn(front, sessionLogoff);
});

const down = new LogoffError("host-unreachable", 'Cannot reach "b:22": connection refused');
const inputs = {
  __provider: "text",
  resourceName: "nightly",
  hosts: ["a", "b", "c"],
  sessions: { all: true, except: { users: ["svc-*"] } },
  mode: "ensure",
};
const contacted = (): string[] =>
  front.contacted
    .splice(0)
    .map(({ label }) => label)
    .sort();
const resultsOf = (props: Props): Results => props as unknown as Results;

async function created(more: object = {}): Promise<Props> {
  const { outs } = await provider.create({ ...inputs, ...more });
  contacted();
  front.lines.splice(0);
  return outs;
}
const read = async (props: Props): Promise<Props> => (await provider.read("id", props)).props;

describe("a refresh in mode ensure", () => {
  it("changes nothing while no matching session has returned", async () => {
    const olds = await created();
    front.model("a").logon({ user: "svc-2" });
    assert.deepEqual(await read(olds), olds);
    assert.deepEqual(contacted(), ["a:22", "b:22", "c:22"]);
    assert.deepEqual(front.model("a").people(), ["svc-1", "svc-2"]);
  });

  it("reads a state with more hosts at a time than are allowed now", async () => {
    const olds = { ...(await created()), rollout: { parallel: 1000 } };
    assert.deepEqual(await read(olds), olds);
    assert.deepEqual(contacted(), ["a:22", "b:22", "c:22"]);
  });

  it("finds returned sessions, and the next update runs only their hosts", async () => {
    const olds = await created();
    front.model("b").logon({ user: "carol" });
    front.model("b").logon({ user: "dave" });
    const refreshed = await read(olds);
    assert.equal(resultsOf(refreshed).remaining, 2);
    assert.equal(resultsOf(refreshed).finishedAt, resultsOf(olds).finishedAt);
    assert.deepEqual(front.lines.splice(0), ["nightly: b:22: 2 matching sessions again"]);
    assert.deepEqual(front.model("b").people(), ["carol", "dave"]);
    contacted();
    assert.deepEqual(await provider.diff("id", refreshed, inputs), { changes: true });
    assert.deepEqual(front.lines.splice(0), ["nightly: runs on 1 of 3 hosts (1 with matching sessions)"]);
    const { outs } = await provider.update("id", refreshed, inputs);
    assert.deepEqual(contacted(), ["b:22"]);
    assert.deepEqual(front.model("b").people(), []);
    assert.equal(resultsOf(outs).remaining, 0);
    assert.deepEqual(await provider.diff("id", outs, inputs), { changes: false });
  });

  it("forgets drift that ended on its own", async () => {
    const olds = await created();
    const { id } = front.model("b").logon({ user: "carol" });
    const refreshed = await read(olds);
    front.model("b").leave(id);
    assert.deepEqual(await read(refreshed), olds);
  });

  it("reports a shared listing error once", async () => {
    const olds = await created();
    for (const name of ["b", "c"])
      front.trouble.set(name, new LogoffError("host-unreachable", `Cannot connect to "${name}:22"`));
    front.lines.length = 0;
    await read(olds);
    assert.deepEqual(front.lines, [
      'nightly: warning: b:22 and 1 more host: not listed, the last known state is kept: Cannot connect to "b:22"',
      "nightly: warning: also c:22",
    ]);
  });

  it("keeps the last state of an unreachable host and marks it unknown, without drift", async () => {
    const olds = await created();
    front.trouble.set("b", down);
    const refreshed = await read(olds);
    const { hostResults, readyHosts, totals } = resultsOf(refreshed);
    assert.deepEqual(hostResults["b:22"], { ...resultsOf(olds).hostResults["b:22"], status: "unknown" });
    assert.deepEqual(readyHosts, ["a:22", "b:22", "c:22"]);
    assert.equal(totals.ok, 3);
    assert.ok(front.lines.some((line) => line.startsWith("nightly: warning: b:22: not listed")));
    assert.deepEqual(await provider.diff("id", refreshed, inputs), { changes: false });
    front.trouble.clear();
    assert.deepEqual(await read(refreshed), olds);
  });

  it("keeps the drift of a host that is no longer reachable", async () => {
    const olds = await created();
    front.model("b").logon({ user: "carol" });
    const refreshed = await read(olds);
    front.trouble.set("b", down);
    const again = await read(refreshed);
    assert.equal(resultsOf(again).remaining, 1);
    assert.deepEqual(await provider.diff("id", again, inputs), { changes: true });
  });

  it("leaves pending hosts unchanged, because they run anyway", async () => {
    front.trouble.set("b", down);
    const { properties } = (await provider.create(inputs).catch((error: unknown) => error)) as {
      properties: Props;
    };
    contacted();
    assert.deepEqual(await read(properties), properties);
    assert.deepEqual(contacted(), ["a:22", "c:22"]);
  });

  it("ignores a removed host kept only for its drain", async () => {
    const olds = await created({ drain: "until-restart" });
    front.trouble.set("b", new LogoffError("auth-rejected", 'Cannot log in to "b:22"'));
    const news = { ...inputs, drain: "until-restart", hosts: ["a", "c"] };
    const { properties } = (await provider.update("id", olds, news).catch((error: unknown) => error)) as {
      properties: Props;
    };
    const [, , kept] = properties["hosts"] as readonly unknown[];
    assert.deepEqual(properties["hosts"], ["a", "c", kept]);
    assert.equal((kept as { readonly host: string }).host, "b");
    contacted();
    front.trouble.clear();
    front.model("b").setDrain("open");
    front.model("b").logon({ user: "carol" });
    front.model("b").setDrain("until-restart");
    const refreshed = await read(properties);
    assert.deepEqual(contacted(), ["a:22", "c:22"]);
    assert.deepEqual(refreshed, properties);
    assert.deepEqual([resultsOf(refreshed).totals.hosts, resultsOf(refreshed).remaining], [2, 0]);
    assert.deepEqual(resultsOf(refreshed).readyHosts, ["a:22", "c:22"]);
    await provider.update("id", refreshed, news);
    assert.equal(front.model("b").drain(), "open");
  });

  it("lists the program's host despite a kept host if the connection has a single host's key", async () => {
    const connection = { hostKey: `SHA256:${"A".repeat(43)}` };
    const given = { ...inputs, drain: "until-restart", connection };
    const olds = await created({ ...given, hosts: ["a"] });
    front.trouble.set("a", new LogoffError("auth-rejected", 'Cannot log in to "a:22"'));
    const news = { ...given, hosts: ["b"] };
    const { properties } = (await provider.update("id", olds, news).catch((error: unknown) => error)) as {
      properties: Props;
    };
    contacted();
    assert.deepEqual(await read(properties), properties);
    assert.deepEqual(contacted(), ["b:22"]);
  });

  it("neither waits between waves nor counts failures", async () => {
    const olds = await created();
    front.trouble.set("a", down);
    const refreshed = await read({ ...olds, rollout: { waves: [1], pause: "1h" } });
    assert.deepEqual(contacted(), ["a:22", "b:22", "c:22"]);
    assert.deepEqual(
      Object.values(resultsOf(refreshed).hostResults).map(({ status }) => status),
      ["unknown", "ok", "ok"],
    );
  });

  it("never throws, even if cancelled or given invalid inputs", async () => {
    const olds = await created();
    front.trouble.set("c", "hang for ever");
    const running = read(olds);
    await until("c was asked for", () => front.contacted.some(({ label }) => label === "c:22"));
    front.cancel("the provider received SIGTERM");
    assert.equal(resultsOf(await running).hostResults["c:22"]?.status, "unknown");
    const broken = { ...olds, timeouts: { connect: "soon" } };
    assert.equal(await read(broken), broken);
  });
});

it("a refresh in mode once contacts no host", async () => {
  const olds = await created({ mode: "once" });
  assert.equal(await read(olds), olds);
  assert.deepEqual(contacted(), []);
});

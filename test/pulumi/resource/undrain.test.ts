import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Lifecycle, Props } from "../../../provider/pulumi/common/contract";
import { lifecycleOn } from "../../../provider/pulumi/dynamic/lifecycle";
import { PartialFailure } from "../../../provider/pulumi/common/partial-failure";
import type { Results } from "../../../provider/pulumi/resource/state";
import { unreachableWarnings } from "../../../provider/pulumi/resource/undrain";
import { sessionLogoff } from "../../../provider/pulumi/resource/session-logoff";
import { until } from "../../lab/until";
import { fakeFront, type FakeFront } from "./fake-front";

let front: FakeFront;
let provider: Lifecycle;
const names = ["a", "b", "c"];
beforeEach(() => {
  front = fakeFront({ a: ["alice"], b: ["bob"], c: [] });
  provider = lifecycleOn(front, sessionLogoff);
});

const inputs = {
  resourceName: "pre-patch",
  hosts: names,
  sessions: { all: true },
  drain: "until-restart",
  connection: { user: "operator" },
};
const unreachable = new LogoffError("host-unreachable", 'Cannot reach "b:22": connection refused');
const rejected = new LogoffError("auth-rejected", 'Cannot log in to "b:22": password rejected');

const drains = (): string[] => names.map((name) => front.model(name).drain());
const contacted = (): string[] =>
  front.contacted
    .splice(0)
    .map(({ label }) => label)
    .sort();
const drainedIn = (props: Props): Record<string, string> =>
  Object.fromEntries(
    Object.entries((props as unknown as Results).hostResults).map(([label, { drained }]) => [label, drained]),
  );

async function created(more: object = {}): Promise<Props> {
  const { outs } = await provider.create({ ...inputs, ...more });
  contacted();
  front.lines.splice(0);
  return outs;
}

async function partial(work: Promise<unknown>): Promise<PartialFailure> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof PartialFailure, String(thrown));
  return thrown;
}

describe("destroying", () => {
  it("undrains every host that we drained and that still has our drain mode", async () => {
    front.model("b").setDrain("drain");
    const olds = await created();
    assert.deepEqual(drains(), ["until-restart", "drain", "until-restart"]);
    assert.deepEqual(drainedIn(olds), {
      "a:22": "until-restart",
      "b:22": "already",
      "c:22": "until-restart",
    });
    front.model("c").setDrain("disabled");
    await provider.delete("id", olds);
    assert.deepEqual(drains(), ["open", "drain", "disabled"]);
    assert.deepEqual(contacted(), ["a:22", "c:22"]);
    assert.ok(front.lines.includes("pre-patch: a:22: accepts new logons again"), front.lines.join("\n"));
  });

  it("reads a state with more hosts at a time than are allowed now", async () => {
    await provider.delete("id", { ...(await created()), rollout: { parallel: 1000 } });
    assert.deepEqual(drains(), ["open", "open", "open"]);
  });

  it("uses the inputs in the state and the current stack configuration", async () => {
    await provider.delete("id", await created(), { password: "today" });
    assert.equal(front.contacted[0]?.user, "operator");
    assert.deepEqual(front.contacted[0].login.password, { from: "value", value: "today" });
  });

  it("warns about a host that is gone for good and forgets it", async () => {
    const olds = await created();
    front.trouble.set("b", unreachable);
    await provider.delete("id", olds);
    assert.deepEqual(drains(), ["open", "until-restart", "open"]);
    assert.ok(
      front.lines.some((line) => line.startsWith("pre-patch: warning: b:22: may still be drained")),
      front.lines.join("\n"),
    );
  });

  it("reports a shared error of hosts that are gone for good once, and names them all", () => {
    const still = Array.from({ length: 120 }, (_, index) => ({
      host: `h${index}:22`,
      error: new LogoffError("host-unreachable", `Cannot connect to "h${index}:22"`),
    }));
    const warnings = unreachableWarnings(still);
    assert.equal(
      warnings[0],
      'h0:22 and 119 more hosts: may still be drained by this resource: Cannot connect to "h0:22"',
    );
    assert.equal(warnings.length, 4);
    for (const { host } of still)
      assert.equal(warnings.filter((line) => line.split(/[ ,]/u).includes(host)).length, 1);
  });

  it("fails and names the hosts that reject the login, after undraining the others", async () => {
    const olds = await created();
    front.trouble.set("b", rejected);
    await assert.rejects(provider.delete("id", olds), (error) => {
      assert.ok(error instanceof Error && !(error instanceof PartialFailure));
      assert.match(error.message, /^pre-patch: 1 host is still drained/u);
      assert.match(error.message, /\nb:22: auth-rejected: Cannot log in/u);
      return true;
    });
    assert.deepEqual(drains(), ["open", "until-restart", "open"]);
    front.trouble.clear();
    await provider.delete("id", olds);
    assert.deepEqual(drains(), ["open", "open", "open"]);
  });

  for (const [what, platforms, advice] of [
    ["Windows hosts", ["windows"], '"chglogon /enable"'],
    ["Linux hosts", ["linux", "linux"], '"rm /run/nologin"'],
    [
      "hosts of both platforms",
      ["linux", "windows"],
      '"chglogon /enable" (Windows) or "rm /run/nologin" (Linux)',
    ],
    [
      "hosts of unknown platform",
      ["linux", undefined],
      '"chglogon /enable" (Windows) or "rm /run/nologin" (Linux)',
    ],
  ] as const) {
    it(`explains how to undrain ${what} by hand`, async () => {
      const hosts = platforms.map((platform, index) => ({ host: names[index], platform }));
      const drained = { status: "ok", drained: "until-restart" };
      const hostResults = Object.fromEntries(hosts.map(({ host }) => [`${host}:22`, drained]));
      for (const { host } of hosts) front.trouble.set(host!, rejected);
      await assert.rejects(provider.delete("id", { ...inputs, hosts, hostResults }), ({ message }: Error) => {
        assert.ok(message.includes(`or allow new logons there with ${advice}\n`), message);
        return true;
      });
    });
  }

  it("contacts no host if none was drained", async () => {
    await provider.delete("id", await created({ drain: "none" }));
    assert.deepEqual(contacted(), []);
  });

  it("ends when cancelled even if a host never answers, and keeps the hosts", async () => {
    const olds = await created();
    front.trouble.set("b", "hang for ever");
    const running = assert.rejects(provider.delete("id", olds), /b:22: aborted/u);
    await until("b was asked for", () => front.contacted.some(({ label }) => label === "b:22"));
    front.cancel("the provider received SIGINT");
    await running;
  });
});

describe("an update", () => {
  it("undrains hosts and logs off no session if drain becomes none", async () => {
    const olds = await created();
    const news = { ...inputs, drain: "none" };
    assert.deepEqual(await provider.diff("id", olds, news), { changes: true });
    assert.deepEqual(front.lines.splice(0), ["pre-patch: undrains 3 hosts (drain)"]);
    front.model("a").setDrain("open");
    front.model("a").logon({ user: "late" });
    const { outs } = await provider.update("id", olds, news);
    assert.deepEqual(drains(), ["open", "open", "open"]);
    assert.deepEqual(front.model("a").people(), ["late"]);
    assert.deepEqual(drainedIn(outs), { "a:22": "undrained", "b:22": "undrained", "c:22": "undrained" });
    assert.deepEqual(await provider.diff("id", outs, news), { changes: false });
    await provider.delete("id", outs);
  });

  it("stores a new drain mode and contacts no host", async () => {
    const olds = await created();
    const { outs } = await provider.update("id", olds, { ...inputs, drain: "until-destroy" });
    assert.deepEqual(contacted(), []);
    assert.deepEqual(drainedIn(outs), drainedIn(olds));
  });

  it("undrains removed hosts with the previous inputs and forgets them", async () => {
    const olds = await created();
    const news = { ...inputs, hosts: ["a", "c"], connection: { user: "other" } };
    await provider.diff("id", olds, news);
    assert.deepEqual(front.lines.splice(0), ["pre-patch: undrains 1 host (1 removed, connection)"]);
    const { outs } = await provider.update("id", olds, news);
    assert.deepEqual(drains(), ["until-restart", "open", "until-restart"]);
    assert.deepEqual(
      front.contacted.map(({ label, user }) => [label, user]),
      [["b:22", "operator"]],
    );
    assert.deepEqual(Object.keys(drainedIn(outs)), ["a:22", "c:22"]);
  });

  it("forgets a removed host that is gone for good, with a warning", async () => {
    const olds = await created();
    front.trouble.set("b", unreachable);
    const { outs } = await provider.update("id", olds, { ...inputs, hosts: ["a", "c"] });
    assert.deepEqual(Object.keys(drainedIn(outs)), ["a:22", "c:22"]);
    assert.ok(front.lines.some((line) => line.includes("warning: b:22: may still be drained")));
  });

  it("keeps a removed host whose login is rejected, without its credentials, until it is undrained", async () => {
    const own = { host: "b", connection: { password: "hidden-1", passwordEnv: undefined, user: "own" } };
    const olds = await created({ hosts: ["a", own, "c"] });
    front.trouble.set("b", rejected);
    const news = { ...inputs, hosts: ["a", "c"] };
    const { properties, reasons } = await partial(provider.update("id", olds, news));
    assert.match(reasons[0]!, /^pre-patch: 1 host is still drained/u);
    assert.equal(reasons[1], 'b:22: auth-rejected: Cannot log in to "b:22": password rejected');
    const results = properties as unknown as Results;
    assert.deepEqual(results.readyHosts, ["a:22", "c:22"]);
    assert.equal(results.totals.hosts, 2);
    assert.equal(results.hostResults["b:22"]?.drained, "until-restart");
    assert.ok(!JSON.stringify(properties).includes("hidden-1"));
    contacted();

    front.trouble.clear();
    assert.deepEqual(await provider.diff("id", properties, news), { changes: true });
    const { outs } = await provider.update("id", properties, news);
    assert.deepEqual(contacted(), ["b:22"]);
    assert.equal(front.model("b").drain(), "open");
    assert.deepEqual(outs["hosts"], ["a", "c"]);
    assert.deepEqual(await provider.diff("id", outs, news), { changes: false });
  });

  it("counts a kept host among those that refuse logons, not among the program's hosts", async () => {
    const done = await created();
    const { hostResults } = done as unknown as Results;
    const b = {
      ...hostResults["b:22"],
      status: "failed",
      error: { code: "auth-rejected", message: "Rejected" },
    };
    const olds = { ...done, hostResults: { ...hostResults, "b:22": b } };
    front.trouble.set("b", rejected).set("c", unreachable);
    const news = { ...inputs, hosts: ["a", "c"], triggers: ["patch 2"] };
    const { reasons } = await partial(provider.update("id", olds, news));
    assert.equal(
      reasons[0],
      'pre-patch: 1 of 2 hosts not done (1 failed); the next "pulumi up" runs only these',
    );
    assert.equal(reasons.filter((reason) => reason.startsWith("b:22: ")).length, 1);
  });

  it("keeps the connection and host key of a removed host, but not the login, and can be destroyed", async () => {
    const [keyOfA, keyOfB] = ["A", "B"].map((letter) => `SHA256:${letter.repeat(43)}`);
    const shared = { user: "operator", password: "hidden-1", hostKey: keyOfA, jumpHosts: ["gate"] };
    const olds = await created({ hosts: ["a"], connection: shared });
    front.trouble.set("a", rejected);
    const connection = { user: "other", password: "hidden-2", hostKey: keyOfB, port: 2222 };
    const news = { ...inputs, hosts: ["b"], connection };
    const { properties } = await partial(provider.update("id", olds, news));
    assert.ok(!JSON.stringify(properties).includes("hidden-1"));
    assert.ok(!JSON.stringify(properties["hosts"]).includes("hidden"));
    const again = await partial(provider.update("id", properties, news));
    assert.deepEqual(again.properties["hosts"], properties["hosts"]);

    front.trouble.clear();
    contacted();
    await provider.delete("id", again.properties);
    assert.deepEqual(drains(), ["open", "open", "open"]);
    const reached = front.contacted.map(({ label, port, user, hostKeys, jumpHosts }) => [
      label,
      port,
      user,
      hostKeys.pinned,
      jumpHosts.map((jump) => jump.label),
    ]);
    assert.deepEqual(reached.sort(), [
      ["a:22", 22, "other", [keyOfA], ["gate:22"]],
      ["b:22", 2222, "other", [keyOfB], []],
    ]);
  });

  it("runs a kept host that is named again and still has our drain, even after a refresh", async () => {
    const olds = await created();
    front.trouble.set("b", rejected);
    const { properties } = await partial(provider.update("id", olds, { ...inputs, hosts: ["a", "c"] }));
    contacted();
    front.trouble.clear();
    front.lines.splice(0);
    front.model("b").setDrain("open");
    front.model("b").logon({ user: "late" });
    front.model("b").setDrain("until-restart");

    const { props } = await provider.read("id", properties);
    const news = { ...inputs, hosts: ["c", "b", "a"] };
    assert.deepEqual(await provider.diff("id", props, news), { changes: true });
    assert.deepEqual(front.lines.splice(0), ["pre-patch: runs on 1 of 3 hosts (1 new)"]);
    const { outs } = await provider.update("id", props, news);
    assert.deepEqual(contacted(), ["b:22"]);
    assert.deepEqual(front.model("b").people(), []);
    assert.equal(drainedIn(outs)["b:22"], "until-restart");
    const results = outs as unknown as Results;
    assert.deepEqual([results.readyHosts, results.totals.hosts], [["c:22", "b:22", "a:22"], 3]);
    assert.deepEqual(outs["hosts"], news.hosts);
    assert.deepEqual(await provider.diff("id", outs, news), { changes: false });
    await provider.delete("id", outs);
    assert.deepEqual(drains(), ["open", "open", "open"]);
  });

  it("undrains a kept host that is named again without a drain", async () => {
    const olds = await created();
    front.trouble.set("b", rejected);
    const { properties } = await partial(provider.update("id", olds, { ...inputs, hosts: ["a", "c"] }));
    front.trouble.clear();
    const news = { ...inputs, drain: "none" };
    const { outs } = await provider.update("id", properties, news);
    assert.deepEqual(drains(), ["open", "open", "open"]);
    assert.deepEqual(await provider.diff("id", outs, news), { changes: false });
    assert.deepEqual((outs as unknown as Results).readyHosts, ["a:22", "b:22", "c:22"]);
  });

  it("keeps one host while another is named again", async () => {
    const olds = await created();
    front.trouble.set("a", rejected).set("b", rejected);
    const { properties } = await partial(provider.update("id", olds, { ...inputs, hosts: ["c"] }));
    front.trouble.delete("b");
    front.model("b").setDrain("open");
    front.model("b").logon({ user: "late" });
    front.model("b").setDrain("until-restart");
    const news = { ...inputs, hosts: ["b", "c"] };
    const again = await partial(provider.update("id", properties, news));
    assert.deepEqual(front.model("b").people(), []);
    const [, , kept] = again.properties["hosts"] as readonly unknown[];
    assert.deepEqual(again.properties["hosts"], ["b", "c", kept]);
    assert.equal((kept as { readonly host: string }).host, "a");
    assert.deepEqual((again.properties as unknown as Results).readyHosts, ["b:22", "c:22"]);
    front.trouble.clear();
    const { outs } = await provider.update("id", again.properties, news);
    assert.deepEqual(drains(), ["open", "until-restart", "until-restart"]);
    assert.deepEqual(outs["hosts"], ["b", "c"]);
  });

  it("does not rerun a host that rejects undraining", async () => {
    const olds = await created();
    front.trouble.set("b", rejected);
    const news = { ...inputs, drain: "none" };
    const { properties } = await partial(provider.update("id", olds, news));
    front.trouble.clear();
    front.model("b").setDrain("open");
    front.model("b").logon({ user: "late" });
    front.model("b").setDrain("until-restart");
    await provider.update("id", properties, news);
    assert.equal(front.model("b").drain(), "open");
    assert.deepEqual(front.model("b").people(), ["late"]);
  });

  it("keeps trying an unreachable host while the program names it", async () => {
    const olds = await created();
    front.trouble.set("b", unreachable);
    const news = { ...inputs, drain: "none" };
    const { outs } = await provider.update("id", olds, news);
    assert.equal(drainedIn(outs)["b:22"], "until-restart");
    front.trouble.clear();
    front.lines.splice(0);
    assert.deepEqual(await provider.diff("id", outs, news), { changes: true });
    assert.deepEqual(front.lines, ["pre-patch: undrains 1 host"]);
    const again = await provider.update("id", outs, news);
    assert.equal(drainedIn(again.outs)["b:22"], "undrained");
  });
});

describe("a cancelled run", () => {
  it("forgets neither our drain nor our warnings", async () => {
    const warn = { message: "{minutes}", gracePeriod: "1h" };
    front.failCommand("a", "/enable", "hang for ever");
    const running = partial(provider.create({ ...inputs, hosts: ["a"], warn }));
    await front.says("waiting up to");
    front.cancel("the provider received SIGINT");
    const { properties } = await running;
    const { resume } = properties as unknown as Results;
    assert.equal(drainedIn(properties)["a:22"], "until-restart");
    assert.deepEqual(
      resume["a:22"]?.map(({ id, user }) => [id, user]),
      [["2", "alice"]],
    );
    assert.deepEqual(front.model("a").people(), ["alice"]);
  });

  it("does not forget sent logoffs, and the next run waits for their sessions", async () => {
    const model = front.model("a");
    model.onLogoff(2, { kind: "stuck" });
    const own = { ...inputs, hosts: ["a"], drain: "none" };
    const running = partial(provider.create(own));
    await front.says("logging off");
    front.cancel("the provider received SIGINT");
    const { properties } = await running;
    const { resume } = properties as unknown as Results;
    assert.deepEqual(
      resume["a:22"]?.map((entry) => [entry.id, entry.user, "logoffSent" in entry]),
      [["2", "alice", true]],
    );
    assert.equal(model.session(2)?.user, null);
    front.lines.splice(0);
    const next = provider.update("id", properties, own);
    await front.says("waiting for 2 (alice) to end");
    model.leave(2);
    const { outs } = await next;
    assert.deepEqual((outs as unknown as Results).readyHosts, ["a:22"]);
    assert.deepEqual((outs as unknown as Results).resume, {});
  });
});

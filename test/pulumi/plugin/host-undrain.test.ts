import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { LogoffError } from "../../../provider/base/errors";
import { undrainFront, type UndrainFront } from "../undrain/undrain-front";
import {
  partialOf,
  pluginInProcess,
  S,
  U,
  type Partial,
  type PluginInProcess,
  type Values,
} from "./in-process";

const [none, some] = [1, 2];
const minute = 60_000;

describe("the plugin's HostUndrain", { timeout: 120_000 }, () => {
  let front: UndrainFront;
  let plugin: PluginInProcess;
  beforeEach(async () => {
    front = undrainFront({ drain: "drain" }, { drain: "drain" });
    plugin = await pluginInProcess(front, { resource: "HostUndrain" });
    await plugin.handshake();
  });
  afterEach(() => plugin.close());

  const closedBy = { "host1:22": { drained: "until-destroy" }, "host2:22": { drained: "until-destroy" } };
  const inputs = (more: object = {}): Values => ({ hosts: ["host1", "host2"], closedBy, ...more });
  const failureOf = (work: Promise<unknown>): Promise<Partial> =>
    work.then(
      () => assert.fail("nothing was thrown"),
      (error: unknown) => partialOf(error),
    );
  const said = (): readonly string[] => plugin.logged.splice(0).map(({ text }) => text);

  it("marks credentials and names every problem without a property", async () => {
    const connection = { password: "p", user: "u" };
    const given = inputs({ hosts: ["host1", { host: "host2", server: "rdsh", connection }, U], only: U });
    const { inputs: checked, failures } = await plugin.check(given);
    assert.deepEqual(checked, {
      ...given,
      hosts: ["host1", { host: "host2", server: "rdsh", connection: { ...connection, password: S("p") } }, U],
    });
    assert.deepEqual(
      failures.map(([property, reason]) => [property, reason.split(": ")[0]]),
      [["", "hosts[1]"]],
    );
  });

  it("waits for hosts, and lifts their drains under the resource", async () => {
    front.host(1).restart({ downForMs: minute });
    const { id, properties } = await plugin.create(inputs());
    assert.deepEqual([id, properties["readyHosts"]], ["id-1", ["host1:22", "host2:22"]]);
    assert.equal(front.host(1).model.drain(), "open");
    const { logged } = plugin;
    assert.ok(logged.every(({ urn }) => urn.endsWith("session-logoff:index:HostUndrain::pre-patch")));
    assert.ok(said().some((line) => /^host1:22: back after 1m/u.test(line)));
  });

  it("keeps a partial state, of which a refresh reminds the engine without contacting anybody", async () => {
    front.host(2).down = new LogoffError("host-unreachable", "it is away");
    const failed = await failureOf(plugin.create(inputs({ timeouts: { total: "1m" } })));
    assert.deepEqual(failed.properties["readyHosts"], ["host1:22"]);
    assert.match(
      failed.reasons[0] ?? "",
      /^pre-patch: 1 of 2 hosts does not accept logons yet \(1 not-back\)/u,
    );
    const before = front.attempts();
    const reread = await failureOf(plugin.read(failed.properties));
    assert.deepEqual([reread.properties, reread.reasons], [failed.properties, failed.reasons]);
    assert.equal(front.attempts(), before);
  });

  it("answers a refresh of a resource without pending hosts with the state", async () => {
    const { properties } = await plugin.create(inputs());
    const before = front.attempts();
    assert.deepEqual((await plugin.read(properties)).properties, properties);
    await plugin.delete(properties);
    assert.equal(front.attempts(), before);
  });

  it("names in a diff what differs, and which hosts are pending", async () => {
    front.host(2).down = new LogoffError("host-unreachable", "it is away");
    const given = inputs({ timeouts: { total: "1m" }, triggers: [1] });
    const { properties } = await failureOf(plugin.create(given));
    await plugin.check(given);
    said();
    const pending = await plugin.diff(properties, given);
    assert.equal(pending.changes, some);
    assert.deepEqual(
      pending.detaileddiffMap.map(([path]) => path),
      ['hostResults["host2:22"].status'],
    );
    assert.deepEqual(said(), ["waits for 1 of 2 hosts (1 failed)"]);
    const { properties: done } = await plugin.create(inputs({ only: ["host1:22"] }));
    const changed = await plugin.diff(done, inputs({ only: ["host1:22", "host2:22"], triggers: [2] }));
    assert.deepEqual(
      changed.detaileddiffMap.map(([path]) => path),
      ["only[1]", "triggers"],
    );
    const same = await plugin.diff(done, inputs({ only: ["host1:22"] }));
    assert.equal(same.changes, none);
  });

  it("says in the preview of a create how many hosts it would wait for, and contacts none", async () => {
    const { properties } = await plugin.create(inputs({ only: U, closedBy: U }), { preview: true });
    assert.deepEqual(said(), ["may wait for 2 of 2 hosts (2 new, `only` not known yet)"]);
    assert.deepEqual(
      [properties["readyHosts"], properties["hostResults"], properties["stateVersion"]],
      [U, U, 1],
    );
    await plugin.create(inputs(), { preview: true });
    assert.deepEqual(said(), ["waits for 2 of 2 hosts (2 new)"]);
    assert.equal(front.attempts(), 0);
  });

  it("knows in the preview of an update the results of hosts that do not run", async () => {
    const { properties } = await plugin.create(inputs({ only: ["host1:22"] }));
    said();
    const before = front.attempts();
    const expected = await plugin.update(properties, inputs(), { preview: true });
    const results = expected["hostResults"] as Values;
    assert.deepEqual(
      [results["host1:22"], results["host2:22"], expected["readyHosts"]],
      [(properties["hostResults"] as Values)["host1:22"], U, U],
    );
    assert.deepEqual([said(), front.attempts()], [[], before]);
  });

  it("waits no longer than customTimeouts say", async () => {
    front.host(2).restart({ downForMs: "for-ever" });
    const failed = await failureOf(plugin.create(inputs(), { timeout: 120 }));
    assert.match(failed.reasons[1] ?? "", /it was not back within 2m/u);
  });

  it("hides outputs with hosts where the hosts are secret, and nothing else", async () => {
    const hidden = await plugin.create(inputs({ hosts: S(["host1", "host2"]) }));
    const { readyHosts, hostResults, finishedAt, closedBy: given } = hidden.properties;
    assert.deepEqual(readyHosts, S(["host1:22", "host2:22"]));
    assert.deepEqual(Object.keys(hostResults as Values), Object.keys(S({})));
    assert.deepEqual([typeof finishedAt, given], ["string", closedBy]);
    const open = await plugin.create(inputs({ connection: { user: "u", password: "p" } }));
    assert.deepEqual(open.properties["readyHosts"], ["host1:22", "host2:22"]);
    assert.deepEqual(open.properties["connection"], { user: "u", password: S("p") });
  });

  it("keeps what is done when it is cancelled", async () => {
    front.host(2).restart({ downForMs: "for-ever" });
    const running = failureOf(plugin.create(inputs()));
    front.fleet.clock.at(minute, () => void plugin.cancel());
    const { properties } = await running;
    assert.deepEqual(properties["readyHosts"], ["host1:22"]);
  });

  it("cannot be imported, because there is nothing to adopt", async () => {
    await assert.rejects(plugin.read(undefined), (error: ServiceError) => {
      assert.equal(
        error.details,
        'Cannot import or get HostUndrain "pre-patch": there is nothing to adopt; create it',
      );
      return true;
    });
  });

  it("is one of two resources", async () => {
    const another = await pluginInProcess(front, { resource: "HostDrain" });
    try {
      await assert.rejects(
        another.create(inputs()),
        /The plugin "session-logoff" has no resource "session-logoff:index:HostDrain"/u,
      );
    } finally {
      another.close();
    }
  });
});

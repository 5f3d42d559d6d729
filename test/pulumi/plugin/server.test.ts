import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { status, type ServiceError } from "@grpc/grpc-js";
import { CheckRequest, GetMappingRequest, GetSchemaRequest } from "@pulumi/pulumi/proto/provider_pb";
import { LogoffError } from "../../../provider/base/errors";
import { until } from "../../lab/until";
import { fakeFront, type FakeFront } from "../resource/fake-front";
import { partialOf, pluginInProcess, S, U, urn, type PluginInProcess, type Values } from "./in-process";

const down = new LogoffError("host-unreachable", 'Cannot reach "b:22": connection refused');
const [none, some] = [1, 2];

describe("the plugin's server", { timeout: 120_000 }, () => {
  let front: FakeFront;
  let plugin: PluginInProcess;
  beforeEach(async () => {
    front = fakeFront({ a: ["alice"], b: ["bob"], c: [] });
    plugin = await pluginInProcess(front);
    await plugin.handshake();
  });
  afterEach(() => plugin.close());

  const inputs = (more: object = {}): Values => ({ hosts: ["a", "b"], sessions: { all: true }, ...more });
  const thrownBy = async (work: Promise<unknown>): Promise<ServiceError> =>
    work.then(
      () => assert.fail("nothing was thrown"),
      (error: unknown) => error as ServiceError,
    );
  const contacted = (): string[] =>
    front.contacted
      .splice(0)
      .map(({ label }) => label)
      .sort();
  const said = (): string => plugin.logged.map(({ text }) => text).join("\n");
  /** The outputs after both hosts were run. */
  const created = async (given: Values = inputs()): Promise<Values> => {
    const { properties } = await plugin.create(given);
    contacted();
    plugin.logged.splice(0);
    return properties;
  };

  describe("before it is configured", () => {
    it("takes secrets, and says which version it is", async () => {
      const { acceptSecrets, acceptResources, acceptOutputs } = await plugin.handshake();
      assert.deepEqual([acceptSecrets, acceptResources, acceptOutputs], [true, false, false]);
      const schema = await new Promise<string>((resolve, reject) => {
        plugin.client.getSchema(new GetSchemaRequest(), (error, answer) =>
          error === null ? resolve(answer.getSchema()) : reject(error),
        );
      });
      assert.deepEqual(JSON.parse(schema), { name: "session-logoff", version: "9.8.7" });
    });

    it("says what it does not implement", async () => {
      const error = await new Promise<ServiceError | null>((resolve) => {
        plugin.client.getMapping(new GetMappingRequest(), (thrown) => resolve(thrown));
      });
      assert.equal(error?.code, status.UNIMPLEMENTED);
    });

    it("marks credentials of the configuration, and compares it", async () => {
      assert.deepEqual(await plugin.checkConfig({ password: "p", user: U, version: "9.8.7" }), {
        password: S("p"),
        user: U,
        version: "9.8.7",
      });
      assert.equal(await plugin.diffConfig({ password: "p" }, { password: "p" }), none);
      assert.equal(await plugin.diffConfig({ password: "p" }, { password: "q" }), some);
    });
  });

  describe("check", () => {
    it("marks credentials at the leaf and leaves everything else as given", async () => {
      const given = inputs({
        hosts: ["a", { host: "b", connection: { password: "p", user: U } }, U],
        connection: { passphrase: S("q"), privateKeyFile: "~/key" },
        triggers: [S("t"), U, { password: "kept" }],
        drain: U,
      });
      assert.deepEqual(await plugin.check(given), {
        inputs: {
          ...given,
          hosts: ["a", { host: "b", connection: { password: S("p"), user: U } }, U],
        },
        failures: [],
      });
    });

    it("names every failure, no property and no credential", async () => {
      const { failures } = await plugin.check(
        inputs({ hosts: [], connection: { port: 0, password: S("") }, x: S("secret") }),
      );
      assert.deepEqual(
        failures.map(([property, reason]) => [property, reason.split(": ")[0]]),
        [
          ["", "x"],
          ["", "hosts"],
          ["", "connection.port"],
          ["", "connection.password"],
        ],
      );
      assert.ok(!JSON.stringify(failures).includes("secret"));
      assert.deepEqual(contacted(), []);
    });

    it("takes every form that a program can write", async () => {
      for (const form of ["TERM04", 12, ["TERM04", 12], "current", { ids: ["1"] }])
        assert.deepEqual((await plugin.check(inputs({ hosts: ["a"], sessions: form }))).failures, []);
      for (const report of ["a.json", ["a.json", "b.html"]])
        assert.deepEqual((await plugin.check(inputs({ report }))).failures, []);
    });

    it("also checks the configuration", async () => {
      await plugin.configure({ privateKey: S("no key") });
      const { failures } = await plugin.check(inputs());
      assert.match(failures[0]?.[1] ?? "", /^session-logoff:privateKey: must be/u);
    });
  });

  describe("create", () => {
    it("returns the inputs as given, with results, and marks what people were told", async () => {
      const given = inputs({ hosts: ["a", { host: "b", connection: { password: S("p") } }] });
      const { id, properties } = await plugin.create(given);
      assert.equal(id, "id-1");
      const { resume, readyHosts, stateVersion, hosts } = properties;
      assert.deepEqual(
        { resume, readyHosts, stateVersion, hosts },
        {
          resume: S({}),
          readyHosts: ["a:22", "b:22"],
          stateVersion: 1,
          hosts: given["hosts"],
        },
      );
      assert.deepEqual(front.model("a").people(), []);
    });

    it("hides the results that name hosts whose addresses are secret", async () => {
      const { properties } = await plugin.create(inputs({ hosts: [{ host: S("a") }, "b"] }));
      assert.deepEqual(properties["readyHosts"], S(["a:22", "b:22"]));
      assert.equal(JSON.stringify(unmarkedNames(properties)).includes("a:22"), false);
    });

    it("says what happens under the resource, in order, before it answers", async () => {
      await plugin.create(inputs({ hosts: ["a"] }));
      const lines = said().split("\n");
      assert.ok(lines.includes("a:22: done, 1 logged off"), said());
      assert.ok(
        lines.findIndex((line) => line.startsWith("a:22: logging off")) <
          lines.findIndex((line) => line.endsWith("is gone")),
      );
      for (const one of plugin.logged) {
        assert.equal(one.urn, urn);
        assert.ok(one.severity < 3, "an error would fail the row whatever is answered");
      }
    });

    it("throws a partial state with marks, which the next update goes on with", async () => {
      front.trouble.set("b", down);
      const given = inputs({ connection: { password: S("p") } });
      const error = await thrownBy(plugin.create(given));
      const { id, properties, reasons } = partialOf(error);
      assert.equal(id, "id-1");
      assert.match(reasons[0] ?? "", /^pre-patch: 1 of 2 hosts not done/u);
      assert.deepEqual(properties["connection"], { password: S("p") });
      assert.deepEqual(properties["readyHosts"], ["a:22"]);
      contacted();

      front.trouble.clear();
      const { changes, detaileddiffMap } = await plugin.diff(properties, given);
      assert.equal(changes, some);
      assert.deepEqual(
        detaileddiffMap.map(([path]) => path),
        ['hostResults["b:22"].status'],
      );
      const updated = await plugin.update(properties, given);
      assert.deepEqual(contacted(), ["b:22"]);
      assert.deepEqual(updated["readyHosts"], ["a:22", "b:22"]);
    });

    it("throws a plain error when nothing was contacted", async () => {
      const window = { notBefore: "2999-01-01T00:00:00Z" };
      const error = await thrownBy(plugin.create(inputs({ hosts: ["a"], window })));
      assert.equal(error.code, status.UNKNOWN);
      const [details] = error.metadata.get("grpc-status-details-bin");
      assert.equal(details, undefined);
      assert.match(error.details, /1 of 1 hosts not done/u);
    });

    it("is bounded by the smaller of customTimeouts and timeouts.total", async () => {
      const rollout = { waves: [1], pause: "20m" };
      for (const [timeout, total] of [
        [1, "1h"],
        [3600, "1s"],
      ] as const) {
        const error = await thrownBy(plugin.create(inputs({ rollout, timeouts: { total } }), { timeout }));
        assert.match(
          JSON.stringify(partialOf(error).reasons),
          /timed-out: Stopped after 1s: `timeouts.total`/u,
        );
      }
    });
  });

  describe("a preview", () => {
    it("of a create knows no result, contacts no host and has no ID", async () => {
      const { id, properties } = await plugin.create(inputs({ triggers: [U] }), { preview: true });
      assert.equal(id, "");
      assert.deepEqual(properties, {
        ...inputs({ triggers: [U] }),
        totals: U,
        readyHosts: U,
        hostResults: { "a:22": U, "b:22": U },
        remaining: U,
        bootIds: U,
        finishedAt: U,
        resume: U,
        stateVersion: 1,
      });
      assert.deepEqual(contacted(), []);
      assert.equal(said(), "");
    });

    it("of an update that only stores keeps the results", async () => {
      const olds = await created();
      const news = inputs({ timeouts: { command: 5 } });
      assert.deepEqual(await plugin.update(olds, news, { preview: true }), { ...olds, ...news });
    });

    it("of an update that runs knows the results of the hosts that do not", async () => {
      const olds = await created();
      const news = inputs({ hosts: ["a", "c"] });
      const { hostResults, readyHosts } = await plugin.update(olds, news, { preview: true });
      assert.deepEqual(hostResults, { "a:22": (olds["hostResults"] as Values)["a:22"], "c:22": U });
      assert.equal(readyHosts, U);
      assert.deepEqual(contacted(), []);
    });

    it("shows the sessions of the hosts that would run, and changes nothing", async () => {
      await plugin.create(inputs({ previewSessions: true }), { preview: true });
      assert.equal(said(), "would log off 2 sessions on 2 of 2 hosts\na:22: 2 (alice)\nb:22: 2 (bob)");
      assert.deepEqual(front.model("a").people(), ["alice"]);
      const olds = await created();
      const news = inputs({ hosts: ["a", "b", "c"], previewSessions: true });
      await plugin.update(olds, news, { preview: true });
      assert.deepEqual(contacted(), ["c:22"]);
    });

    it("says that sessions are not shown while inputs are unknown", async () => {
      await plugin.create(inputs({ previewSessions: true, triggers: [U] }), { preview: true });
      assert.equal(said(), "sessions are not shown: not all inputs are known before the update");
      assert.deepEqual(contacted(), []);
    });
  });

  describe("diff", () => {
    it("finds no change after a create, whatever is marked", async () => {
      const given = inputs({ connection: { password: S("p") } });
      const olds = await created(given);
      assert.equal((await plugin.diff(olds, given)).changes, none);
      assert.equal((await plugin.diff(olds, inputs({ connection: { password: "p" } }))).changes, none);
    });

    it("says why only after a check, because a refresh calls it too", async () => {
      const olds = await created();
      const news = inputs({ triggers: [1] });
      await plugin.diff(olds, news);
      assert.equal(said(), "");
      await plugin.check(news);
      const { changes, diffsList, detaileddiffMap, hasdetaileddiff, replacesList } = await plugin.diff(
        olds,
        news,
      );
      assert.equal(said(), "runs on 2 of 2 hosts (triggers changed)");
      assert.deepEqual([changes, diffsList, hasdetaileddiff, replacesList], [some, ["triggers"], true, []]);
      assert.deepEqual(
        detaileddiffMap.map(([path, { kind }]) => [path, kind]),
        [["triggers", 0]],
      );
    });

    it("takes over the state of the class, also with a list that is secret as a whole", async () => {
      const given = inputs({ connection: { password: S("p") } });
      const { resume, ...olds } = await created(given);
      const ofClass = {
        ...olds,
        resume,
        __provider: "text",
        resourceName: "pre-patch",
        hosts: S(["a", "b"]),
      };
      assert.equal((await plugin.diff(ofClass, given)).changes, none);
      const updated = await plugin.update(ofClass, { ...given, triggers: [1] });
      assert.deepEqual(
        [updated["__provider"], updated["resourceName"], updated["hosts"]],
        [undefined, undefined, ["a", "b"]],
      );
    });
  });

  describe("read", () => {
    it("returns everything as given", async () => {
      const given = inputs({ connection: { password: S("p") } });
      const olds = await created(given);
      assert.deepEqual(await plugin.read(olds, given), { id: "id-7", properties: olds, inputs: given });
      assert.deepEqual(contacted(), []);
    });

    it("reports pending hosts, so that the engine does not forget them", async () => {
      front.trouble.set("b", down);
      const { properties } = partialOf(await thrownBy(plugin.create(inputs())));
      const again = partialOf(await thrownBy(plugin.read(properties, inputs())));
      assert.equal(again.id, "id-7");
      assert.deepEqual(again.properties, properties);
      assert.match(again.reasons[0] ?? "", /1 of 2 hosts not done/u);
    });

    it("finds sessions again in mode ensure, and diff calls that drift", async () => {
      const given = inputs({ mode: "ensure" });
      const olds = await created(given);
      front.model("a").logon({ user: "dora" });
      const { properties } = await plugin.read(olds, given);
      assert.equal(properties["remaining"], 1);
      assert.deepEqual(properties["resume"], S({}));
      const { changes, diffsList } = await plugin.diff(properties, given);
      assert.deepEqual([changes, diffsList], [some, ["remaining"]]);
    });

    it("refuses to import and to get, in one sentence", async () => {
      // A program may give inputs with the id, as if they were the state.
      for (const properties of [undefined, {}, inputs(), inputs({ mode: "ensure" })]) {
        const { details } = await thrownBy(plugin.read(properties, properties));
        assert.equal(
          details,
          'Cannot import or get SessionLogoff "pre-patch": there is nothing to adopt; create it',
        );
      }
      assert.deepEqual(contacted(), []);
    });
  });

  describe("delete", () => {
    const drained = (): string[] => ["a", "b"].filter((name) => front.model(name).drain() !== "open");

    it("lifts our drains", async () => {
      const olds = await created(inputs({ drain: "until-destroy" }));
      assert.deepEqual(drained(), ["a", "b"]);
      await plugin.delete(olds, "id-1");
      assert.deepEqual(drained(), []);
    });

    it("fails while a host that is drained refuses", async () => {
      const olds = await created(inputs({ drain: "until-destroy" }));
      front.trouble.set("b", new LogoffError("auth-rejected", "no"));
      const { details } = await thrownBy(plugin.delete(olds, "id-1"));
      assert.match(details, /^pre-patch: 1 host is still drained/u);
      assert.ok(!details.includes("run-program"), "today's configuration was used");
    });

    it("keeps a host secret that the program has removed and that is still drained", async () => {
      const olds = await created(inputs({ hosts: ["a", S("b")], drain: "until-destroy" }));
      front.trouble.set("b", new LogoffError("auth-rejected", "Login rejected"));
      const error = await thrownBy(plugin.update(olds, inputs({ hosts: ["a"], drain: "until-destroy" })));
      const { properties } = partialOf(error);
      assert.deepEqual(properties["hosts"], S((properties["hosts"] as Values)["value"]));
      assert.ok(JSON.stringify(properties["hosts"]).includes('"host":"b"'));
      assert.deepEqual(properties["hostResults"], S((properties["hostResults"] as Values)["value"]));
      front.trouble.clear();
      const undrained = await plugin.update(properties, inputs({ hosts: ["a"], drain: "until-destroy" }));
      assert.deepEqual([drained(), undrained["hosts"]], [["a"], ["a"]]);
    });

    it("leaves the drains of the resource that replaces it", async () => {
      const olds = await created(inputs({ drain: "until-destroy" }));
      await plugin.create(inputs({ hosts: ["a"], drain: "until-destroy" }));
      await plugin.delete(olds, "id-1");
      assert.deepEqual(drained(), ["a"]);
      const { properties } = await plugin.create(inputs({ hosts: ["b"], drain: "until-destroy" }));
      await plugin.delete(properties, "id-3");
      assert.deepEqual(drained(), ["a"], "its own drain is lifted");
    });
  });

  describe("a stop", () => {
    it("by Cancel has no deadline, and one by a signal has", async ({ mock }) => {
      front.trouble.set("b", "hang for ever");
      const running = thrownBy(plugin.create(inputs({ drain: "until-restart", rollout: { parallel: 1 } })));
      await until("b is asked for", () => front.contacted.some(({ label }) => label === "b:22"));
      mock.timers.enable({ apis: ["setTimeout"] });
      await plugin.cancel();
      mock.timers.tick(3_600_000);
      let isAnswered = false;
      void running.then(() => (isAnswered = true));
      await new Promise(setImmediate);
      assert.equal(isAnswered, false, "a patient stop has a deadline");
      plugin.end("the provider received SIGINT");
      mock.timers.tick(3500);
      mock.timers.reset();
      const { properties, reasons } = partialOf(await running);
      assert.deepEqual(properties["readyHosts"], ["a:22"]);
      assert.match(JSON.stringify(reasons), /b:22: aborted/u);
    });

    it("by Cancel answers at once and starts no other host", async () => {
      front.failCommand("a", "logoff", "hang for ever");
      const running = thrownBy(
        plugin.create(inputs({ rollout: { parallel: 1 }, timeouts: { command: "1s", logoff: "1s" } })),
      );
      await until("alice is asked to go", () => said().includes("logging off"));
      await plugin.cancel();
      const { properties } = partialOf(await running);
      assert.equal(
        (properties["hostResults"] as Record<string, { status: string }>)["b:22"]?.status,
        "skipped",
      );
      assert.deepEqual(contacted(), ["a:22"]);
    });
  });

  it("refuses a resource that it does not have", async () => {
    const request = new CheckRequest();
    request.setUrn("urn:pulumi:test::lab::my:Component$session-logoff:index:Other::pre-patch");
    const error = await new Promise<ServiceError | null>((resolve) => {
      plugin.client.check(request, (thrown) => resolve(thrown));
    });
    assert.equal(error?.details, 'The plugin "session-logoff" has no resource "session-logoff:index:Other"');
  });

  it("uses today's configuration of the stack for a default provider only", async () => {
    plugin.close();
    plugin = await pluginInProcess(front, { today: '{"user":"today"}' });
    for (const [name, user] of [
      ["default", "today"],
      ["login", "explicit"],
    ] as const) {
      await plugin.configure({ user: "explicit" }, name);
      await plugin.create(inputs({ hosts: ["c"] }));
      assert.equal(front.contacted.splice(0)[0]?.user, user);
    }
  });
});

/** The properties that are not marked as a whole, except the inputs. */
function unmarkedNames(properties: Values): Values {
  const { hosts, ...rest } = properties;
  assert.ok(hosts !== undefined);
  return Object.fromEntries(
    Object.entries(rest).filter(
      ([, value]) =>
        !(typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value),
    ),
  );
}

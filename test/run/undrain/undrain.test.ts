import assert from "node:assert/strict";
import { it } from "node:test";
import { linuxBackend } from "../../../provider/backend/linux/backend";
import { KeyedMutex } from "../../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../../provider/base/connection-slots";
import { LogoffError } from "../../../provider/base/errors";
import { undrainHosts, type UndrainDeps } from "../../../provider/run/undrain/undrain";
import { createLinuxHost, linuxHostsPossible } from "../../lab/linux/linux-host";
import { fakeFront } from "../../pulumi/resource/fake-front";
import { plainPlan, planFor } from "../memory-fleet";

const names = ["a", "b", "c", "d", "e"];
const plan = { ...plainPlan, hosts: names.map((name) => planFor({}, name)) };
const ours = new Map(names.map((name) => [`${name}:22`, "until-restart" as const]));

it("undraining respects the limit of parallel hosts, gives every host an outcome, and never rejects", async () => {
  const front = fakeFront(Object.fromEntries(names.map((name) => [name, []])));
  for (const name of names) front.model(name).setDrain(name === "c" ? "disabled" : "until-restart");
  front.trouble.set("b", new LogoffError("auth-rejected", "no"));
  let open = 0;
  let most = 0;
  const deps: UndrainDeps = {
    ...front,
    slots: new ConnectionSlots(unlimitedFiles),
    turns: new KeyedMutex(),
    onProgress: () => undefined,
    connect: async (host, signal) => {
      const connection = await front.connect(host, signal);
      most = Math.max(most, (open += 1));
      return { ...connection, close: () => connection.close().finally(() => (open -= 1)) };
    },
  };
  const rollout = { ...plan.rollout, parallel: 2 };
  const outcomes = await undrainHosts({ ...plan, rollout }, ours, deps, new AbortController().signal);
  assert.deepEqual(
    outcomes.map(({ host, drained, error }) => [host, drained, error?.code]),
    [
      ["a:22", "undrained", undefined],
      ["b:22", "until-restart", "auth-rejected"],
      ["c:22", "already", undefined],
      ["d:22", "undrained", undefined],
      ["e:22", "undrained", undefined],
    ],
  );
  assert.deepEqual([open, most], [0, 2]);
});

it("undraining starts no host after a stop", async () => {
  const front = fakeFront({ a: [] });
  front.model("a").setDrain("until-restart");
  const stop = AbortSignal.abort();
  const deps = { ...front, onProgress: () => undefined, stop };
  const outcomes = await undrainHosts(
    { ...plan, hosts: plan.hosts.slice(0, 1) },
    ours,
    deps,
    new AbortController().signal,
  );
  assert.deepEqual(
    outcomes.map(({ drained, error }) => [drained, error?.code]),
    [["until-restart", "aborted"]],
  );
  assert.equal(front.contacted.length, 0);
});

it("undraining rejects a host of another platform than planned, and changes nothing on it", async () => {
  const front = fakeFront({ a: [] });
  front.model("a").setDrain("until-restart");
  const [first] = plan.hosts;
  const said = { ...plan, hosts: [{ ...first!, host: { ...first!.host, platform: "linux" as const } }] };
  const deps = { ...front, onProgress: () => undefined };
  const [outcome] = await undrainHosts(said, ours, deps, new AbortController().signal);
  assert.deepEqual([outcome?.drained, outcome?.error?.code], ["until-restart", "unsupported-host"]);
  assert.match(outcome?.error?.message ?? "", /it is "windows", but `platform: linux` is set$/u);
  assert.equal(front.model("a").drain(), "until-restart");
});

const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";

it(
  "undraining a Linux host removes our file, and reports whether another file still refuses logins",
  { skip },
  async () => {
    const theirs = "closed by the storage team\n";
    const rows = [
      [{ ours: true }, "undrained"],
      [{ ours: true, "/etc/nologin": theirs }, "already"],
      [{ ours: false, "/etc/nologin": theirs }, "already"],
      [{ ours: false, "/run/nologin": theirs }, "already"],
      [{ ours: false }, "undrained"],
    ] as const;
    for (const [{ ours: isOurs, ...others }, wanted] of rows) {
      const host = createLinuxHost();
      const { connect } = host;
      if (isOurs) {
        const connection = await connect(plan.hosts[0]!.host, new AbortController().signal);
        const { command } = linuxBackend({ label: "a:22" }).drain("until-restart");
        await connection.exec(command, { timeoutMs: 10_000 });
        await connection.close();
      }
      for (const [path, text] of Object.entries(others)) host.writeFile(path, text);
      const deps = { ...fakeFront({}), connect, onProgress: () => undefined };
      const only = { ...plan, hosts: plan.hosts.slice(0, 1) };
      const [outcome] = await undrainHosts(only, ours, deps, new AbortController().signal);
      assert.deepEqual([outcome?.drained, outcome?.error], [wanted, undefined]);
      for (const path of ["/run/nologin", "/etc/nologin"] as const)
        assert.equal(host.file(path), (others as Record<string, string>)[path], path);
      host.close();
    }
  },
);

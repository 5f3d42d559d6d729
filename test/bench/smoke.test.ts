import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import type { Results } from "../../bench/results";
import { targetsOf } from "../../bench/targets";
import { build, runNode } from "../pulumi/dynamic/built-package";

const bench = resolve(__dirname, "..", "..", "bench");

/** Why the benchmark cannot run here; false if it can. */
function obstacle(): string | false {
  if (process.platform !== "linux")
    return "the benchmark needs Linux, where every host has a loopback address";
  if (spawnSync("go", ["version"]).status !== 0)
    return "Go is missing: install it to have the benchmark's servers";
  const env = { ...process.env, GOWORK: "off" };
  const modules = spawnSync("go", ["mod", "download"], { cwd: bench, env, timeout: 120_000 });
  return modules.status === 0
    ? false
    : "Go cannot fetch golang.org/x/crypto: let it reach a module proxy (GOPROXY)";
}

describe("npm run bench -- --quick", { skip: obstacle(), timeout: 300_000 }, () => {
  it("measures every part against the same hosts and leaves nobody logged on", async () => {
    await build();
    const args = ["--import=tsx", resolve(bench, "main.ts"), "--quick"];
    const { code, output, errors } = await runNode(resolve(bench, ".."), args);
    assert.equal(code, 0, errors);
    assert.match(output, /session-logoff +\| +\d/u);

    const results = JSON.parse(readFileSync(resolve(bench, "results", "quick.json"), "utf8")) as Results;
    assert.equal(results.size, "quick");
    assert.ok((results.throughput?.standings.length ?? 0) >= 5);
    assert.equal(results.throughput?.standings[0]?.commands, 32, "four commands a host, none left out");
    assert.ok((results.latency?.standings[0]?.seconds ?? 0) >= (results.latency?.idealSeconds ?? Infinity));
    const [builtin, openssh] = results.clients?.standings ?? [];
    assert.equal(openssh?.commands, builtin?.commands, "both clients send the same commands");
    assert.ok((openssh?.clientCpuSeconds ?? 0) > (builtin?.clientCpuSeconds ?? Infinity));
    assert.ok((results.grace?.seconds ?? 0) > (results.grace?.graceSeconds ?? Infinity));
    assert.equal(results.scale?.rows.length, 2);
    assert.ok((results.pulumi?.ratio ?? 0) > 0);
    const [stack] = results.stacks?.rows ?? [];
    assert.ok(stack !== undefined && stack.stateBytes > 0 && stack.providerPeakMb > 0);
    assert.ok((results.start?.command.timesNode ?? 0) > 0 && (results.start?.plugin.timesNode ?? 0) > 0);
    assert.ok((results.profile?.shares.length ?? 0) > 3);
    // Ansible takes part only if a full run has installed it.
    const isThere = results.throughput.missing.length === 0;
    assert.equal(targetsOf(results).length, isThere ? 12 : 11);
  });
});

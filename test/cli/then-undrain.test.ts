import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { ShellCommand } from "../../provider/local/shell-command";
import type { Lab, LabHost } from "../lab/lab";
import { fastClock } from "./fast-clock";
import { runHere, withScene, type Terminal } from "./scene";

interface JsonHost {
  readonly host: string;
  readonly status: string;
  readonly drained?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

function hostsIn(stdout: string): readonly JsonHost[] {
  return (JSON.parse(stdout) as { readonly hosts: readonly JsonHost[] }).hosts;
}

function shortly(stdout: string): readonly string[] {
  return hostsIn(stdout).map(({ status, drained, error }) =>
    [status, drained, error?.code].filter((word) => word !== undefined).join(" "),
  );
}

const two = ["rdsh01", "rdsh02"].map((name) => ({ name, sessions: [{ user: "alice" }] }));
/** For hosts that do not answer: connecting takes as long as it does. */
const slow = ["--timeout-connect", "1"];
const untilUndrain = ["--drain", "until-undrain"];

/** A patch that does this to each host of the wave. Minutes of waiting take seconds. */
function patching(lab: Lab, patch: (host: LabHost) => void): Terminal {
  const runShell = ({ stdin }: ShellCommand): Promise<{ status: number }> => {
    for (const given of stdin.split("\n").slice(0, -1)) {
      const host = lab.hosts.find(({ name }) => lab.addressOf(name) === given);
      assert.ok(host, given);
      patch(host);
    }
    return Promise.resolve({ status: 0 });
  };
  return { world: { runShell, clock: fastClock(20) } };
}

describe("--then-undrain", () => {
  it("waits until the hosts of each wave have restarted, and opens them before the next wave", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const terminal = patching(lab, (host) => host.restart({ downForMs: 300 }));
      const argv = ["--all", ...hosts(), ...untilUndrain, "--waves", "1", "--then", "patch"];
      const { status, stdout, stderr } = await run(
        [...argv, "--then-undrain", "30m", "--output", "json"],
        terminal,
      );
      assert.equal(status, 0, stderr);
      assert.deepEqual(shortly(stdout), ["ok undrained", "ok undrained"]);
      assert.deepEqual(
        lab.hosts.map(({ model }) => model.drain()),
        ["open", "open"],
      );
      assert.equal(lab.mostClosed(), 1);
      assert.match(stderr, /:\d+ {2}refuses new logons from now on \(until-undrain\)$/mu);
      assert.match(stderr, /:\d+ {2}waits: it has restarted, which a second look confirms/mu);
      assert.match(stderr, /:\d+ {2}accepts new logons again$/mu);
      assert.match(stderr, /:\d+ {2}back after \d+s$/mu);
      assert.doesNotMatch(stderr + stdout.replaceAll(/"drained":\s*"[a-z-]+"/gu, ""), /until-destroy/u);
    }));

  it("fails a host that does not restart, which stays closed, is written and counts against the budget", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const terminal = patching(lab, () => undefined);
      const argv = ["--all", ...hosts(), ...untilUndrain, "--waves", "1", "--then", "patch"];
      const files = ["--failed-hosts", path("again"), "--report", path("r.json")];
      const { status, stdout, stderr } = await run([...argv, "--then-undrain", "40s", ...files], terminal);
      assert.equal(status, 1);
      assert.match(stdout, /failed: not-restarted\n.*it did not restart within 40s; it has not restarted/u);
      assert.match(stderr, /^hint: not-restarted: .*--undrain --wait 30m/mu);
      const [first = "", second = ""] = two.map(({ name }) => lab.addressOf(name));
      assert.equal(readFileSync(path("again"), "utf8"), `${first}\n${second}\n`);
      assert.deepEqual(shortly(readFileSync(path("r.json"), "utf8")), [
        "failed until-destroy not-restarted",
        "skipped budget-exceeded",
      ]);
      assert.equal(lab.host("rdsh01").model.drain(), "drain");
    }));

  it("fails a host that is not back in time", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const terminal = patching(lab, (host) =>
        host.restart({ downForMs: host.name === "rdsh01" ? "for-ever" : 0 }),
      );
      const argv = ["--all", ...hosts(), ...slow, "--then", "patch", "--then-undrain", "2m"];
      const { status, stdout, stderr } = await run(argv, terminal);
      assert.equal(status, 1);
      assert.match(stdout, /failed: not-back\n.*it was not back within 2m; last seen: Cannot connect/u);
      assert.match(stdout, /2 sessions logged off on 2 hosts, 1 host failed\n/u);
      assert.match(stderr, /given up after \S+: not-back/u);
      assert.match(stderr, /^hint: not-back: /mu);
    }));

  it("requires no restart with --no-restart", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const terminal = patching(lab, () => undefined);
      const argv = ["--all", ...hosts(), "--drain", "until-restart", "--then", "patch", "--output", "json"];
      const { status, stdout, stderr } = await run(
        [...argv, "--then-undrain", "30m", "--no-restart"],
        terminal,
      );
      assert.equal(status, 0, stderr);
      assert.deepEqual(shortly(stdout), ["ok undrained", "ok undrained"]);
    }));

  it("leaves a host that somebody else has closed, and says how to open it", () =>
    withScene(two.slice(0, 1), async ({ lab, run, hosts }) => {
      const terminal = patching(lab, (host) => host.restart({ drain: "drain" }));
      const argv = ["--all", ...hosts(), "--then", "patch", "--then-undrain", "30m"];
      const { status, stdout, stderr } = await run(argv, terminal);
      assert.equal(status, 1);
      assert.match(stdout, /drain-failed\n.*somebody else has closed it \(its mode is "until-undrain"\)/u);
      assert.match(stderr, /^hint: drain-failed: .*--undrain lifts any drain on Windows/mu);
    }));

  it("is wrong usage for servers behind a host, with --no-restart too, before anything is connected", async () => {
    const world = { openSsh: () => assert.fail("connected") };
    const then = ["--then", "patch", "--then-undrain", "30m"];
    for (const argv of [
      ["/server:rdsh03", "--via", "gate"],
      ["--host", "gate>rdsh03", "--no-restart"],
      ["--host", "gate>rdsh03", "--dry-run"],
    ]) {
      const { status, stderr } = await runHere(["--all", ...argv, ...then], { world });
      assert.equal(status, 2, stderr);
      assert.match(stderr, /--then-undrain cannot be relayed/u);
    }
  });

  it("and --wait take the times of --timeout, and name themselves", async () => {
    for (const [argv, expected] of [
      [
        ["--all", "--then", "patch", "--then-undrain", "soon"],
        /^session-logoff: --then-undrain: must be a dur/u,
      ],
      [["--all", "--then", "patch", "--then-undrain", "0"], /--then-undrain: .*from 1s to 720h/u],
      [["--undrain", "--wait", "721h"], /^session-logoff: --wait: must be a duration/u],
    ] as const) {
      const { status, stderr } = await runHere([...argv, "--host", "rdsh01"]);
      assert.equal(status, 2);
      assert.match(stderr, expected);
    }
  });
});

describe("--undrain --wait", () => {
  it("waits for hosts that are away, and opens them whatever closed them", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const terminal = patching(lab, () => undefined);
      lab.host("rdsh01").restart({ downForMs: 500, drain: "drain" });
      lab.host("rdsh02").restart({ downForMs: 100 });
      const { status, stdout, stderr } = await run(["--undrain", "--wait", "30m", ...hosts()], terminal);
      assert.equal(status, 0, stderr);
      assert.equal(stdout, "1 host accepts new logons again, 1 did already\n");
      assert.equal(lab.host("rdsh01").model.drain(), "open");
    }));

  it("fails a host that stays away, which --undrain alone does at once", () =>
    withScene(two.slice(0, 1), async ({ lab, run, hosts }) => {
      const terminal = patching(lab, () => undefined);
      lab.host("rdsh01").restart({ downForMs: "for-ever" });
      const { status, stdout, stderr } = await run(
        ["--undrain", "--wait", "1m", ...slow, ...hosts()],
        terminal,
      );
      assert.equal(status, 1);
      assert.match(stdout, /: not-back\n.*it was not back within 1m/u);
      assert.match(stdout, /0 hosts accept new logons again, 1 host not done\n/u);
      assert.match(stderr, /waits: last seen: Cannot connect/u);
    }));
});

import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { openSsh } from "../../provider/ssh/open-ssh";
import { fastClock } from "../cli/fast-clock";
import { runHere, withScene, type Terminal } from "../cli/scene";
import { labUser, type HostOptions, type Lab } from "../lab/lab";

/** Our time is ten times as fast as the hosts', since the pauses between the offers of a password are minutes. */
const times = 10;

/** Hosts that accept nothing but a password. */
function farm(size: number): readonly HostOptions[] {
  return Array.from({ length: size }, (_, index) => ({
    name: `rdsh${String(index + 1).padStart(2, "0")}`,
    sessions: [{ user: `user${index + 1}` }],
    users: [{ name: labUser.name, password: labUser.password }],
    ssh: { methods: ["password"] as const },
  }));
}

/** A patch that restarts every host, which then rejects every login for so many milliseconds of its own time. */
function patching(lab: Lab, rejectsLoginsForMs: number): Terminal {
  const clock = fastClock(times);
  return {
    world: {
      clock,
      openSsh: () =>
        openSsh({ baseFolder: tmpdir(), env: { ...process.env, LAB_PASSWORD: labUser.password }, clock }),
      runShell: () => {
        for (const host of lab.hosts) host.restart({ downForMs: 300, rejectsLoginsForMs });
        return Promise.resolve({ status: 0 });
      },
    },
  };
}

/** How often the password was rejected, on all hosts together. */
function rejections({ hosts }: Lab): number {
  return hosts
    .flatMap(({ logins }) => logins)
    .filter(({ method, accepted }) => method === "password" && !accepted).length;
}

const rolling = ["--all", "--drain", "until-undrain", "--then", "patch", "--then-undrain"];
/** A slow machine must not fail a connection, ten times as fast as it counts. */
const login = ["--password-env", "LAB_PASSWORD", "--timeout-connect", "5m", "--quiet"];

describe("20 hosts that reject a password while they start", { timeout: 300_000 }, () => {
  it("are all back after a few rejections, which lock no account", () => {
    const rejecting = 1500;
    return withScene(farm(20), async ({ lab, hosts, path }) => {
      const access = ["--user", labUser.name, "--known-hosts", path("known_hosts")];
      const argv = [...rolling, "30m", ...login, ...access, ...hosts()];
      const { status, stdout, stderr } = await runHere(argv, patching(lab, rejecting));
      assert.equal(status, 0, stdout + stderr);
      assert.deepEqual(
        lab.hosts.filter(({ model }) => model.drain() !== "open").map(({ name }) => name),
        [],
      );
      assert.ok(rejections(lab) >= 1, "no host has rejected the password");
      assert.ok(rejections(lab) <= 3, `${rejections(lab)} rejections`);
    });
  });

  it("are given up after three rejections if they never accept it", () => {
    const rejecting = 3_600_000;
    return withScene(farm(20), async ({ lab, hosts, path }) => {
      const access = ["--user", labUser.name, "--known-hosts", path("known_hosts")];
      const argv = [...rolling, "10m", ...login, ...access, ...hosts()];
      const { status, stdout, stderr } = await runHere(argv, patching(lab, rejecting));
      assert.equal(status, 1, stdout + stderr);
      assert.equal(rejections(lab), 3);
      assert.match(stdout, /failed: auth-rejected/u);
    });
  });
});

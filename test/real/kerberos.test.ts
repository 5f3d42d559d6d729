import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Host } from "../../provider/connection";
import { until } from "../lab/until";
import { makeFarm, missing, type Farm, type RealServer } from "../ssh/real-servers";
import { startRealm, type Realm } from "./kerberos-realm";
import { failsWith, hostOf, runOn } from "./through-openssh";

/** A realm, and a host of it that accepts nothing but its tickets. */
interface Scene {
  readonly realm: Realm;
  readonly farm: Farm;
  readonly server: RealServer;
  readonly host: Host;
}

describe("a login with Kerberos", { skip: missing(), timeout: 300_000 }, () => {
  let scene: Scene | undefined;
  let unavailable = "";

  before(async () => {
    const farm = makeFarm();
    const realm = await startRealm({ users: [farm.user.name], hosts: ["127.0.0.1"] });
    if ("unavailable" in realm) {
      unavailable = realm.unavailable;
      await farm.close();
      return;
    }
    const config = [
      "GSSAPIAuthentication yes",
      "GSSAPIStrictAcceptorCheck no",
      "AuthenticationMethods gssapi-with-mic",
    ];
    Object.assign(farm.serverEnv, realm.serverEnv);
    const server = await farm.sshd(...config);
    const sshConfig = join(farm.folder, "ssh_config");
    writeFileSync(sshConfig, "GSSAPIAuthentication yes\nGSSAPIDelegateCredentials yes\n");
    scene = { realm, farm, server, host: hostOf(farm, server, { sshConfig }) };
  });
  after(async () => {
    await scene?.farm.close();
    await scene?.realm.close();
  });

  /** Defines a test in the realm; skipped, with the reason, if there is none. */
  const inRealm = (name: string, work: (scene: Scene) => Promise<void>): void => {
    it(name, async (test) => {
      if (scene === undefined) test.skip(`no Kerberos: ${unavailable}`);
      else await work(scene);
    });
  };

  inRealm("succeeds with a ticket", async ({ realm, farm, server, host }) => {
    const { name } = farm.user;
    assert.equal(await runOn(host, "id -un", realm.ticket(name)), name);
    const line = new RegExp(`Accepted gssapi-with-mic for ${name} `, "u");
    await until("sshd has logged it", () => line.test(server.log()));
  });

  inRealm("succeeds for each command where ssh cannot share a connection", async (scene) => {
    const { realm, farm, server, host } = scene;
    const { name } = farm.user;
    const before = server.log().length;
    assert.equal(await runOn(host, "id -un", realm.ticket(name), { multiplexes: false }), name);
    const accepted = (): number =>
      server
        .log()
        .slice(before)
        .match(/Accepted gssapi-with-mic/gu)?.length ?? 0;
    await until("sshd has logged the login and the command", () => accepted() === 2);
  });

  inRealm(
    "does not hand the ticket to the host, even if ssh_config says so",
    async ({ realm, farm, server, host }) => {
      const ticket = realm.ticket(farm.user.name, "-f");
      const show = "echo ${KRB5CCNAME-no ticket}";
      assert.equal(await runOn(host, show, ticket), "no ticket");
      const known = join(farm.folder, "known_hosts");
      writeFileSync(known, `[127.0.0.1]:${server.port} ${server.hostKeys[0]?.publicText ?? ""}\n`);
      const options = [
        "-F",
        host.sshConfig as string,
        "-o",
        `UserKnownHostsFile=${known}`,
        "-p",
        String(server.port),
      ];
      const plain = spawnSync("ssh", [...options, `${farm.user.name}@127.0.0.1`, show], {
        env: { PATH: process.env["PATH"], ...ticket },
        encoding: "utf8",
      });
      assert.match(plain.stdout, /^FILE:/u, `the test shows nothing: ${plain.stderr}`);
    },
  );

  inRealm("without a ticket says how to get one", ({ realm, host }) =>
    failsWith(host, "auth-unavailable", /no Kerberos ticket.*`kinit`/u, realm.clientEnv),
  );

  inRealm("with an expired ticket says how to renew it", async ({ realm, farm, host }) =>
    failsWith(
      host,
      "auth-unavailable",
      /ticket has expired.*`kinit`/u,
      await realm.expiredTicket(farm.user.name),
    ),
  );

  inRealm("of somebody else is rejected", async ({ realm, farm, host }) =>
    failsWith({ ...host, user: "root" }, "auth-rejected", /rejected/u, realm.ticket(farm.user.name)),
  );
});

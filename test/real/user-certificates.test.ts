import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Host } from "../../provider/connection";
import { until } from "../lab/until";
import { makeFarm, missing, type Farm, type RealKey, type RealServer } from "../ssh/real-servers";
import { expired, makeSshCa, type SshCa } from "./ssh-ca";
import { failsWith, hostOf, runOn } from "./through-openssh";

describe("a login with a user's certificate", { skip: missing(), timeout: 300_000 }, () => {
  let farm: Farm;
  let ca: SshCa;
  /** Trusts the authority, and no key. */
  let server: RealServer;
  let name = "";

  before(async () => {
    farm = makeFarm();
    ({ name } = farm.user);
    ca = makeSshCa(farm, "user-ca");
    server = await farm.sshd(`TrustedUserCAKeys ${ca.path}.pub`, "AuthorizedKeysFile none");
  });
  after(() => farm.close());

  const withKey = ({ path }: RealKey, changes: Partial<Host> = {}): Host =>
    hostOf(farm, server, { login: { privateKeys: [{ from: "file", path }] }, ...changes });
  /** Waits until sshd, which may be slower than we are, has said so. */
  const logged = (line: RegExp, by = server): Promise<boolean> =>
    until(`sshd has logged ${line.source}`, () => line.test(by.log()));

  it("succeeds with the certificate beside the key", async () => {
    const key = ca.userKey("good", { principals: ["somebody", name] });
    assert.equal(await runOn(withKey(key), "id -un"), name);
    await logged(new RegExp(`Accepted publickey for ${name} .*ED25519-CERT .*CA ED25519 `, "u"));
  });

  it("succeeds for each command where ssh cannot share a connection", async () => {
    const key = ca.userKey("unshared", { principals: [name] });
    assert.equal(await runOn(withKey(key), "id -un", {}, { multiplexes: false }), name);
  });

  it("succeeds with a certificate that ssh_config names", async () => {
    const key = ca.userKey("configured", { principals: [name] });
    const certificate = join(farm.folder, "elsewhere.pub");
    writeFileSync(certificate, readFileSync(`${key.path}-cert.pub`));
    writeFileSync(`${key.path}-cert.pub`, "");
    const sshConfig = join(farm.folder, "ssh_config");
    writeFileSync(sshConfig, `IdentityFile ${key.path}\nCertificateFile ${certificate}\n`);
    assert.equal(await runOn(hostOf(farm, server, { sshConfig }), "id -un"), name);
  });

  it("succeeds with a key and a certificate that only an agent holds", async () => {
    const agent = await farm.agent(ca.userKey("held", { principals: [name] }));
    assert.equal(await runOn(hostOf(farm, server, { login: { privateKeys: [], agent } }), "id -un"), name);
  });

  it("succeeds with a certificate that was renewed since the last connection", async () => {
    const key = ca.userKey("renewed", { principals: [name], validity: expired });
    await failsWith(withKey(key), "auth-rejected", /rejected/u);
    ca.userKey("renewed", { principals: [name] });
    assert.equal(await runOn(withKey(key), "id -un"), name);
  });

  const rejected = [
    ["an expired certificate", { validity: expired }, /Certificate invalid: expired/u],
    ["a certificate that is not valid yet", { validity: "+1h:+2h" }, /Certificate invalid: not yet valid/u],
    ["the certificate of somebody else", { principals: ["somebody"] }, /name is not a listed principal/u],
  ] as const;
  for (const [what, certificate, reason] of rejected)
    it(`fails with ${what}`, async () => {
      const key = ca.userKey(what.replaceAll(" ", "-"), { principals: [name], ...certificate });
      await failsWith(
        withKey(key),
        "auth-rejected",
        /rejected: publickey.*ssh-keygen -L -f FILE-cert\.pub$/u,
      );
      await logged(reason);
    });

  it("fails with a certificate of another authority", async () => {
    const key = makeSshCa(farm, "other-ca").userKey("foreign", { principals: [name] });
    await failsWith(withKey(key), "auth-rejected", /rejected/u);
  });

  it("fails with a certificate that the host has revoked", async () => {
    const key = ca.userKey("revoked", { principals: [name] });
    const list = join(farm.folder, "revoked-keys");
    writeFileSync(list, `${key.publicText}\n`);
    const strict = await farm.sshd(
      `TrustedUserCAKeys ${ca.path}.pub`,
      "AuthorizedKeysFile none",
      `RevokedKeys ${list}`,
    );
    const host = hostOf(farm, strict, { login: { privateKeys: [{ from: "file", path: key.path }] } });
    await failsWith(host, "auth-rejected", /rejected/u);
    await logged(/revoked by file/u, strict);
  });
});

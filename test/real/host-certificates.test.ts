import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Host, HostKeyPolicy } from "../../provider/connection";
import { fingerprint } from "../../provider/ssh/host-keys/public-key";
import { until } from "../lab/until";
import { makeFarm, missing, type Farm, type RealKey, type RealServer } from "../ssh/real-servers";
import { expired, makeSshCa, type Certificate, type SshCa } from "./ssh-ca";
import { failsWith, hostOf, runOn } from "./through-openssh";

describe("a host with a certificate", { skip: missing(), timeout: 300_000 }, () => {
  let farm: Farm;
  let ca: SshCa;
  let key: RealKey;
  let good: RealServer;
  const address = "127.0.0.1";

  const serverWith = (name: string, certificate: Partial<Certificate> = {}): Promise<RealServer> =>
    farm.sshd(...ca.hostKey(name, { principals: [address], ...certificate }));
  const hostWith = (server: RealServer, knownHosts: string, changes: Partial<HostKeyPolicy> = {}): Host =>
    hostOf(farm, server, {
      login: { privateKeys: [{ from: "file", path: key.path }] },
      hostKeys: { pinned: [], knownHosts, strict: "yes", ...changes },
    });
  const authority = (pattern = `[${address}]:*`): string => `@cert-authority ${pattern} ${ca.publicText}\n`;
  /** Waits for the end of the connection, at which no login was tried. */
  const untouched = async (server: RealServer): Promise<void> => {
    await until("sshd has logged the end", () => server.log().includes("[preauth]"));
    assert.doesNotMatch(server.log(), /Accepted|Failed|Postponed|user/u);
  };

  before(async () => {
    farm = makeFarm();
    key = farm.key("operator", "-t", "ed25519");
    farm.authorize(key);
    ca = makeSshCa(farm, "host-ca");
    good = await serverWith("certified");
  });
  after(() => farm.close());

  it("is trusted by its authority, given by value", async () => {
    assert.equal(await runOn(hostWith(good, authority()), "id -un"), farm.user.name);
  });

  it("is trusted by the fingerprint of its own key", async () => {
    const [own] = good.hostKeys;
    const print = fingerprint(Buffer.from(own!.publicText.split(" ")[1]!, "base64"));
    for (const pinned of [[print], [own!.publicText]])
      assert.equal(await runOn(hostWith(good, "", { pinned }), "id -un"), farm.user.name);
    const other = fingerprint(Buffer.from("another"));
    await failsWith(
      hostWith(good, "", { pinned: [other] }),
      "host-key-changed",
      /its key ssh-ed25519 SHA256:/u,
    );
  });

  it("is trusted by its authority in a known_hosts file", async () => {
    const file = join(farm.folder, "known_hosts");
    writeFileSync(file, authority());
    const host = hostWith(good, "");
    const { knownHosts, ...others } = host.hostKeys;
    assert.equal(knownHosts, "");
    const hostKeys = { ...others, knownHostsFiles: [file] };
    assert.equal(await runOn({ ...host, hostKeys }, "id -un"), farm.user.name);
  });

  it("is not trusted by an authority for other names", async () => {
    const server = await serverWith("for-others");
    await failsWith(hostWith(server, authority("*.corp.example")), "host-key-unknown", /known/u);
    await untouched(server);
  });

  it("is not trusted by an authority that did not sign it", async () => {
    const server = await serverWith("not-signed");
    const stranger = makeSshCa(farm, "stranger-ca").publicText;
    const known = `@cert-authority [${address}]:* ${stranger}\n`;
    await failsWith(hostWith(server, known), "host-key-unknown", /known/u);
    await untouched(server);
  });

  it("is refused if its authority is revoked", async () => {
    const server = await serverWith("of-revoked-ca");
    const known = `${authority()}@revoked * ${ca.publicText}\n`;
    await failsWith(hostWith(server, known), "host-key-revoked", /revoked/u);
    await untouched(server);
  });

  it("is refused if its own key is revoked", async () => {
    const server = await serverWith("of-revoked-key");
    const own = farm.key("of-revoked-key").publicText;
    await failsWith(hostWith(server, `${authority()}@revoked * ${own}\n`), "host-key-revoked", /revoked/u);
    await untouched(server);
  });

  it("is refused if the certificate is for another name", async () => {
    const server = await serverWith("for-another-name", { principals: ["elsewhere.corp.example"] });
    await failsWith(hostWith(server, authority()), "host-key-unknown", /certificate.*principal/iu);
    await untouched(server);
  });

  it("is refused if the certificate has expired", async () => {
    const server = await serverWith("expired", { validity: expired });
    await failsWith(hostWith(server, authority()), "host-key-unknown", /certificate.*expired/iu);
    await untouched(server);
  });
});

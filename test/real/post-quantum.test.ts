import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openSsh } from "../../provider/ssh/open-ssh";
import { makeFarm, missing, type Farm, type RealKey, type RealServer } from "../ssh/real-servers";
import { bareOptions, never } from "../ssh/scripted-server";
import { hostOf, runOn } from "./through-openssh";

describe("a host that allows only a post-quantum key exchange", { skip: missing(), timeout: 300_000 }, () => {
  let farm: Farm;
  let server: RealServer;
  let key: RealKey;
  before(async () => {
    farm = makeFarm();
    key = farm.key("operator", "-t", "ed25519");
    farm.authorize(key);
    server = await farm.sshd("KexAlgorithms sntrup761x25519-sha512@openssh.com");
  });
  after(() => farm.close());

  it("is reached through the machine's ssh", async () => {
    const host = hostOf(farm, server, { login: { privateKeys: [{ from: "file", path: key.path }] } });
    assert.equal(await runOn(host, "id -un"), farm.user.name);
  });

  it("shares no algorithm with the built-in client, which says so", async () => {
    const host = hostOf(farm, server, { login: { privateKeys: [{ from: "file", path: key.path }] } });
    await assert.rejects(openSsh(bareOptions()).connect(host, never), {
      code: "no-common-algorithm",
      message: /sntrup761x25519/u,
    });
  });
});

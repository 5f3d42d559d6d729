import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Login } from "../../../provider/connection";
import { readLogin } from "../../../provider/openssh/login/credentials";
import { privateKeyParser } from "../../../provider/ssh/login/private-key";
import { secretReader } from "../../../provider/ssh/login/secret";
import { sshContext } from "../../../provider/ssh/options";
import { bareOptions, testKey } from "../../ssh/scripted-server";

describe("on Windows, where ssh asks no script and no agent of ours,", () => {
  const context = sshContext(bareOptions({ platform: "win32" }));
  const read = (login: Login): ReturnType<typeof readLogin> =>
    readLogin({ label: "rdsh01", login }, context, secretReader(context), privateKeyParser());
  const text = { from: "value", value: testKey("user").privateText } as const;

  it("ssh reads the file of a private key itself", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "credentials-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "key");
    writeFileSync(path, text.value, { mode: 0o600 });
    const { keys, lines } = await read({ privateKeys: [{ from: "file", path }] });
    assert.deepEqual(keys, []);
    assert.ok(lines.includes(`IdentityFile "${path}"`), lines.join());
    assert.ok(lines.includes("IdentitiesOnly yes"));
  });

  for (const [what, login] of [
    ["a password", { privateKeys: [], password: { from: "value", value: "x" } }],
    ["a key by value", { privateKeys: [text] }],
    ["a passphrase", { privateKeys: [], passphrase: { from: "value", value: "x" } }],
  ] as const)
    it(`${what} is refused`, async () => {
      await assert.rejects(read(login), {
        code: "plan-invalid",
        message: /on Windows, set `connection\.privateKeyFile`/u,
      });
    });
});

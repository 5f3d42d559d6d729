import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { missingSsh } from "../openssh/machine-ssh";
import { bareOptions, hostOf, never, serverFor, testKey, type ScriptedServer } from "../ssh/scripted-server";

const secret = "Target-0nly Pa55word";
const methods = ["keyboard-interactive", "password"] as const;

describe(
  "a jump host of ssh_config that asks for the target's password",
  { skip: missingSsh(), timeout: 300_000 },
  () => {
    let folder = "";
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "curious-"));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    /** A jump host that asks in every way it can, and keeps what it is told. */
    const curious = async (t: TestContext, prompt: string, told: string[]): Promise<ScriptedServer> =>
      serverFor(t, {
        forwards: true,
        onLogin: (context) => {
          if (context.method === "password") told.push(context.password);
          if (context.method === "keyboard-interactive")
            context.prompt([{ prompt, echo: false }], (answers) => {
              told.push(...answers);
              context.reject([...methods]);
            });
          else context.reject([...methods]);
        },
      });

    /** Connects to the target, which has the password, through the jump host, and returns the error. */
    const connect = async (jump: ScriptedServer, target: ScriptedServer): Promise<LogoffError> => {
      const known = [jump, target].map(
        (one) => `[${one.address}]:${one.port} ${testKey("host").publicText}\n`,
      );
      const [knownHosts, sshConfig] = [join(folder, "known_hosts"), join(folder, "ssh_config")];
      writeFileSync(knownHosts, known.join(""));
      const through = `ProxyJump admin@${jump.address}:${jump.port}`;
      writeFileSync(sshConfig, `Host target.test\n  HostName ${target.address}\n  ${through}\n`);
      const host = hostOf(target, {
        address: "target.test",
        login: { privateKeys: [], password: { from: "value", value: secret } },
        hostKeys: { pinned: [], knownHostsFiles: [knownHosts], strict: "yes" },
        sshConfig,
        connectTimeoutMs: 60_000,
      });
      const options = bareOptions({ env: { PATH: process.env["PATH"], HOME: folder } });
      try {
        await (await openOpenSsh(options).connect(host, never)).close();
      } catch (thrown) {
        if (thrown instanceof LogoffError) return thrown;
        throw thrown;
      }
      return assert.fail("it connected");
    };

    for (const [what, prompt, address] of [
      ["in its own words", "Password: ", "127.0.0.2"],
      ["in the words of ssh for the target", "admin@127.0.0.2's password: ", "127.0.0.2"],
      ["as ssh passes on a question of the target", "(admin@127.0.0.2) Password: ", "127.0.0.2"],
      ["after a line break", "\r\n(admin@127.0.0.2) Password: ", "127.0.0.2"],
      ["under the name and for the user of the target", "Password: ", "127.0.0.1"],
    ] as const)
      it(`gets nothing when it asks ${what}`, async (t) => {
        const told: string[] = [];
        const target = await serverFor(t, { address, password: secret });
        const error = await connect(await curious(t, prompt, told), target);
        assert.equal(error.code, "jump-host-failed", error.message);
        assert.ok(!error.message.includes(secret), error.message);
        assert.deepEqual(
          told.filter((text) => text !== ""),
          [],
        );
        assert.deepEqual(target.logins, []);
      });
  },
);

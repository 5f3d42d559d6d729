/** The key of a host is verified before anything is offered to it, not even a user name. */
import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { it, type TestContext } from "node:test";
import type { ErrorCode } from "../../provider/base/errors";
import type { HostKeyPolicy } from "../../provider/connection";
import { serverFor, testKey, type ScriptedServer } from "../ssh/scripted-server";
import { contract, failsWith, needs, patientHost, rejection, type TestedClient, visit } from "./contract";
import { fileWith, home, newPath } from "./scratch";

const trueKey = testKey("host");
const otherKey = testKey("other");
const fingerprint = (key: typeof trueKey): string =>
  `SHA256:${createHash("sha256").update(key.blob).digest("base64").replace(/=+$/u, "")}`;
const nameOf = (server: ScriptedServer): string => `[127.0.0.1]:${server.port}`;
const hashed = (name: string): string => {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};
const byValue = (knownHosts: string): Partial<HostKeyPolicy> => ({ knownHosts, knownHostsFiles: [] });
const byFile = (text: string): Partial<HostKeyPolicy> => ({ knownHostsFiles: [fileWith(text)] });

contract("host keys", (client) => {
  const accepted = async (server: ScriptedServer, policy: Partial<HostKeyPolicy>): Promise<void> => {
    const host = patientHost(server, { hostKeys: { pinned: [], strict: "yes", ...policy } });
    assert.deepEqual(await visit(client.open().connect, host), []);
  };
  const refused = async (
    server: ScriptedServer,
    policy: Partial<HostKeyPolicy>,
    code: ErrorCode,
  ): Promise<void> => {
    const host = patientHost(server, { hostKeys: { pinned: [], strict: "yes", ...policy } });
    const before = server.connections();
    const error = await failsWith(client.open().connect, host, code);
    assert.ok(error.message.includes(fingerprint(trueKey)), error.message);
    assert.deepEqual(server.logins, [], "nothing is offered to the host");
    assert.equal(server.connections(), before + 1, "a host key is no reason to try again");
  };

  for (const [how, policy] of [
    ["by value", byValue],
    ["by file", byFile],
  ] as const) {
    it(`are known ${how}: with the port, by a pattern, hashed, in a list, without the port`, async (t) => {
      const server = await serverFor(t);
      const name = nameOf(server);
      for (const names of [name, "[127.0.0.*]:*", hashed(name), `win-01,${name}`, "127.0.0.1"])
        await accepted(server, policy(`# a comment\n${names} ${trueKey.publicText}\n`));
    });

    it(`that are unknown are refused (known_hosts ${how})`, async (t) => {
      const server = await serverFor(t);
      for (const text of [
        "",
        `[127.0.0.1]:1 ${trueKey.publicText}`,
        `127.0.0.1 ${otherKey.publicText}`,
        `win-01 ${trueKey.publicText}`,
        `[127.*]:*,!${nameOf(server)} ${trueKey.publicText}`,
        `@cert-authority * ${trueKey.publicText}`,
      ])
        await refused(server, policy(text), "host-key-unknown");
    });

    it(`that have changed are refused (known_hosts ${how})`, async (t) => {
      const server = await serverFor(t);
      for (const name of [nameOf(server), hashed(nameOf(server))])
        await refused(server, policy(`${name} ${otherKey.publicText}`), "host-key-changed");
    });

    it(`that are revoked are refused, even if they are known (known_hosts ${how})`, async (t) => {
      const server = await serverFor(t);
      const known = `${nameOf(server)} ${trueKey.publicText}`;
      await refused(server, policy(`${known}\n@revoked * ${trueKey.publicText}`), "host-key-revoked");
      await accepted(server, policy(`${known}\n@revoked * ${otherKey.publicText}`));
    });

    it(`may be any of several (known_hosts ${how})`, async (t) => {
      const server = await serverFor(t);
      const lines = [otherKey, trueKey].map((key) => `${nameOf(server)} ${key.publicText}`);
      await accepted(server, policy(lines.join("\n")));
    });

    it(`are requested in the type that is known (known_hosts ${how})`, async (t) => {
      const keys = [trueKey, testKey("host", "rsa"), testKey("host", "ecdsa")];
      const server = await serverFor(t, { hostKeys: keys });
      for (const key of keys) await accepted(server, policy(`${nameOf(server)} ${key.publicText}`));
    });
  }

  it("that are revoked by a file are refused, even if they are known by value", async (t) => {
    const server = await serverFor(t);
    const policy = {
      knownHosts: `${nameOf(server)} ${trueKey.publicText}`,
      knownHostsFiles: [fileWith(`@revoked * ${trueKey.publicText}`)],
    };
    await refused(server, policy, "host-key-revoked");
  });

  it("are read from the user's known_hosts when neither text nor file is named", async (t) => {
    const server = await serverFor(t);
    await refused(server, {}, "host-key-unknown");
    const path = join(home, ".ssh", "known_hosts");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${nameOf(server)} ${trueKey.publicText}\n`);
    t.after(() => rmSync(dirname(path), { recursive: true }));
    await accepted(server, {});
  });

  it("that are pinned, as a fingerprint or a key, take precedence over known_hosts", async (t) => {
    const server = await serverFor(t);
    const contrary = byValue(`${nameOf(server)} ${otherKey.publicText}`);
    const forms = [
      fingerprint(trueKey),
      `${fingerprint(trueKey)}=`,
      trueKey.publicText,
      `${trueKey.publicText} a comment`,
      `win-01 ${trueKey.publicText}`,
    ];
    for (const pin of forms) {
      await accepted(server, { ...contrary, pinned: [pin] });
      await accepted(server, { ...contrary, pinned: [otherKey.publicText, pin] });
    }
  });

  it("that are pinned in no form that is known make the plan invalid", async (t) => {
    const server = await serverFor(t);
    for (const pin of ["", "MD5:aa:bb", "SHA256:short", "ssh-rsa AAAA"]) {
      const host = patientHost(server, { hostKeys: { pinned: [pin], strict: "yes" } });
      assert.equal((await rejection(visit(client.open().connect, host))).code, "plan-invalid");
    }
    assert.equal(server.connections(), 0);
  });

  it("other than the pinned one have changed, even if they are known", async (t) => {
    const server = await serverFor(t);
    const known = byValue(`${nameOf(server)} ${trueKey.publicText}`);
    for (const pin of [fingerprint(otherKey), otherKey.publicText])
      await refused(server, { ...known, pinned: [pin] }, "host-key-changed");
  });

  it("of new hosts are recorded once with accept-new, and strict afterwards", async (t) => {
    const server = await serverFor(t);
    const path = newPath();
    const policy = { pinned: [], knownHostsFiles: [path], strict: "accept-new" } as const;
    const host = patientHost(server, { hostKeys: policy });
    const { connect } = client.open();
    assert.match((await visit(connect, host)).join(), /new host .*accepted/u);
    const keyOfLine = (line: string): string => line.split(" ").slice(1, 3).join(" ");
    const recorded = readFileSync(path, "utf8");
    assert.deepEqual(recorded.trim().split("\n").map(keyOfLine), [trueKey.publicText]);
    assert.equal(statSync(path).mode & 0o022, 0, "nobody else writes it");
    const beside = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
    assert.deepEqual(beside, [], "no lock or copy is left");
    assert.deepEqual(await visit(connect, host), []);
    assert.deepEqual(await visit(client.open().connect, host), []);
    assert.equal(readFileSync(path, "utf8"), recorded);
    await accepted(server, { knownHostsFiles: [path] });

    const impostor = await impostorOf(t, server);
    await failsWith(connect, patientHost(impostor, { hostKeys: policy }), "host-key-changed");
    await failsWith(client.open().connect, patientHost(impostor, { hostKeys: policy }), "host-key-changed");
    assert.deepEqual(impostor.logins, []);
    assert.equal(readFileSync(path, "utf8"), recorded);
  });

  it("that have changed, are revoked, or are of another type are refused with accept-new too", async (t) => {
    const server = await serverFor(t);
    const lines = [
      [`${nameOf(server)} ${otherKey.publicText}\n`, "host-key-changed"],
      [`${nameOf(server)} ${testKey("other", "rsa").publicText}\n`, "host-key-changed"],
      [`@revoked * ${trueKey.publicText}\n`, "host-key-revoked"],
    ] as const;
    for (const [line, code] of lines) {
      const path = fileWith(line);
      await refused(server, { knownHostsFiles: [path], strict: "accept-new" }, code);
      assert.equal(readFileSync(path, "utf8"), line);
    }
  });

  it("of new hosts are refused with accept-new while a known_hosts file cannot be read", async (t) => {
    const server = await serverFor(t);
    const path = newPath();
    const unreadable = newPath();
    mkdirSync(unreadable);
    const config = fileWith(`Host 127.0.0.1\n  UserKnownHostsFile ${path} ${unreadable}\n`);
    for (const [changes, policy] of [
      [{}, { knownHostsFiles: [path, unreadable] }],
      [{ sshConfig: config }, {}],
    ] as const) {
      const host = patientHost(server, {
        ...changes,
        hostKeys: { pinned: [], strict: "accept-new", ...policy },
      });
      const error = await failsWith(client.open().connect, host, "host-key-unknown");
      assert.ok(error.message.includes(`"${unreadable}" (cannot be read`), error.message);
      assert.match(error.message, /accept-new` accepts a key only if every known_hosts file can be read/u);
    }
    assert.deepEqual(server.logins, []);
    assert.ok(!existsSync(path), "nothing is recorded");
  });

  it("of many new hosts are each recorded once with accept-new", async (t) => {
    const servers = await Promise.all(Array.from({ length: 6 }, () => serverFor(t)));
    const path = newPath();
    const policy = { pinned: [], knownHostsFiles: [path], strict: "accept-new" } as const;
    const { connect } = client.open();
    await Promise.all(servers.map((server) => visit(connect, patientHost(server, { hostKeys: policy }))));
    assert.equal(readFileSync(path, "utf8").trim().split("\n").length, servers.length);
    for (const server of servers) await accepted(server, { knownHostsFiles: [path] });
  });

  it("that do not match are refused where another host has the key", async (t) => {
    const [one, two] = [await serverFor(t), await serverFor(t, { hostKeys: [otherKey] })];
    const text = `${nameOf(one)} ${trueKey.publicText}\n${nameOf(two)} ${otherKey.publicText}\n`;
    await accepted(one, byValue(text));
    await accepted(two, byValue(text));
    const swapped = `${nameOf(two)} ${trueKey.publicText}\n${nameOf(one)} ${otherKey.publicText}\n`;
    one.logins.length = 0;
    await refused(one, byValue(swapped), "host-key-changed");
  });

  uncheckedKeys(client);
});

/** A server with another key at the port of a server that has ended. */
async function impostorOf(t: TestContext, server: ScriptedServer): Promise<ScriptedServer> {
  await server.close();
  return serverFor(t, { hostKeys: [testKey("impostor")], port: server.port });
}

function uncheckedKeys(client: TestedClient): void {
  const skip = needs(client, "unchecked host keys");
  const key = testKey("login");
  const login = { privateKeys: [{ from: "value", value: key.privateText }] } as const;
  const password = { from: "value", value: "open sesame" } as const;
  const hostKeys = { pinned: [], ...byValue(""), strict: "no" } as const;

  it("that are not checked cause a warning, and no password is offered", { skip }, async (t) => {
    const server = await serverFor(t, { key });
    const { connect } = client.open();
    const warnings = await visit(connect, patientHost(server, { hostKeys, login: { ...login, password } }));
    assert.match(warnings.join(), /was not checked/u);
    const stranger = {
      privateKeys: [{ from: "value", value: testKey("stranger").privateText }],
      password,
    } as const;
    await failsWith(connect, patientHost(server, { hostKeys, login: stranger }), "auth-rejected");
    const only = patientHost(server, { hostKeys, login: { privateKeys: [], password } });
    const before = server.connections();
    await failsWith(connect, only, "auth-unavailable");
    assert.equal(server.connections(), before, "a password alone is no reason to connect");
    assert.ok(!server.logins.some((offered) => offered.startsWith("password")), server.logins.join());
  });

  it("that are revoked or not the pinned ones are refused even if no key is checked", { skip }, async (t) => {
    const server = await serverFor(t, { key });
    const { connect } = client.open();
    const revoked = { ...hostKeys, ...byValue(`@revoked * ${trueKey.publicText}`) };
    await failsWith(connect, patientHost(server, { hostKeys: revoked, login }), "host-key-revoked");
    const pinned = { ...hostKeys, pinned: [otherKey.publicText] };
    await failsWith(connect, patientHost(server, { hostKeys: pinned, login }), "host-key-changed");
    assert.deepEqual(server.logins, []);
    assert.ok(!existsSync(join(home, ".ssh")), "nothing is recorded");
  });
}

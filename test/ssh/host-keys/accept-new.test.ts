import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { parseKnownHosts } from "../../../provider/ssh/host-keys/known-hosts";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { bareOptions, hostOf, never, serverFor, testKey, type ScriptedServer } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "accept-new-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => join(folder, `dir-${(files += 1)}`, "known_hosts");

function hostWith(server: ScriptedServer, path: string, changes: Partial<Host> = {}): Host {
  return hostOf(server, {
    hostKeys: { pinned: [], knownHostsFiles: [path], strict: "accept-new" },
    ...changes,
  });
}

async function visit(host: Host, connect = openSsh(bareOptions()).connect): Promise<readonly string[]> {
  const connection = await connect(host, never);
  await connection.close();
  return connection.warnings;
}

describe("accept-new", () => {
  it("keeps the content of the file, even without a final line break", async (t) => {
    const server = await serverFor(t);
    const path = join(folder, "kept");
    writeFileSync(path, "# mine");
    await visit(hostWith(server, path));
    assert.equal(
      readFileSync(path, "utf8"),
      `# mine\n[127.0.0.1]:${server.port} ${testKey("host").publicText}\n`,
    );
  });

  it("neither loses nor repeats a key when many hosts and processes add keys concurrently", async (t) => {
    const servers = await Promise.all(Array.from({ length: 12 }, () => serverFor(t)));
    const path = fresh();
    const connects = [1, 2].map(() => openSsh(bareOptions()).connect);
    await Promise.all(
      connects.flatMap((connect) => servers.map((server) => visit(hostWith(server, path), connect))),
    );
    const { entries, warnings } = parseKnownHosts(readFileSync(path, "utf8"), path);
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      entries.map((entry) => entry.names).sort(),
      servers.map((server) => `[127.0.0.1]:${server.port}`).sort(),
    );
  });

  it("accepts only the first of two hosts that claim the same name concurrently", async (t) => {
    const right = await serverFor(t);
    const wrong = await serverFor(t, { hostKeys: [testKey("impostor")] });
    const path = fresh();
    const alias = (server: ScriptedServer): Host => ({ ...hostWith(server, path), sshConfig: config });
    const config = join(folder, "alias");
    writeFileSync(config, "HostKeyAlias same\n");
    const connect = openSsh(bareOptions()).connect;
    const results = await Promise.allSettled([right, wrong].map((server) => visit(alias(server), connect)));
    const refused = results.filter((result) => result.status === "rejected");
    assert.equal(refused.length, 1);
    assert.equal((refused[0]?.reason as LogoffError).code, "host-key-changed");
    const losers = [right, wrong].filter((_, index) => results[index]?.status === "rejected");
    assert.deepEqual(losers[0]?.logins, []);
    assert.equal(parseKnownHosts(readFileSync(path, "utf8"), path).entries.length, 1);
  });

  it("takes over the lock of a dead process, and waits for that of a live one", async (t) => {
    const server = await serverFor(t);
    const path = join(folder, "locked");
    const lock = `${path}.lock`;
    writeFileSync(lock, "");
    utimesSync(lock, new Date(), new Date(Date.now() - 60_000));
    await visit(hostWith(server, path));
    const other = await serverFor(t);
    writeFileSync(lock, "");
    setTimeout(() => rmSync(lock), 150);
    const start = performance.now();
    await visit(hostWith(other, path));
    assert.ok(performance.now() - start >= 100);
    assert.equal(parseKnownHosts(readFileSync(path, "utf8"), path).entries.length, 2);
  });

  it("warns if the file cannot be written", async (t) => {
    const server = await serverFor(t);
    const path = join(folder, "alias", "not-a-folder", "known_hosts");
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, "alias"), "");
    assert.match((await visit(hostWith(server, path))).join(), /could not be added.*ENOTDIR/u);
  });

  it("accepts no new key while a known_hosts file cannot be read, because it may revoke the key", async (t) => {
    const server = await serverFor(t);
    const path = fresh();
    const unreadable = join(folder, `unreadable-${(files += 1)}`);
    mkdirSync(unreadable);
    for (const knownHostsFiles of [
      [path, unreadable],
      [unreadable, path],
    ]) {
      const host = hostWith(server, path, {
        hostKeys: { pinned: [], knownHostsFiles, strict: "accept-new" },
      });
      await assert.rejects(visit(host), {
        code: "host-key-unknown",
        message: /unreadable-\d+" \(cannot be read: it is a folder\).*accept-new` accepts a key only if/u,
      });
    }
    assert.ok(!existsSync(path));
    assert.deepEqual(server.logins, []);
    // A host that a readable file contains is still accepted.
    await visit(hostWith(server, path));
    const both = { pinned: [], knownHostsFiles: [path, unreadable], strict: "accept-new" } as const;
    assert.deepEqual(await visit(hostWith(server, path, { hostKeys: both })), []);
  });

  it("notices immediately that a file can be read again", async (t) => {
    const server = await serverFor(t);
    const path = join(folder, `back-${(files += 1)}`);
    mkdirSync(path);
    const connect = openSsh(bareOptions()).connect;
    await assert.rejects(visit(hostWith(server, path), connect), { code: "host-key-unknown" });
    rmdirSync(path);
    assert.match((await visit(hostWith(server, path), connect)).join(), /was accepted and added/u);
  });

  describe("a key that could not be written is remembered by the process:", () => {
    const config = join(folder, "same-name");
    writeFileSync(config, "HostKeyAlias same\n");
    writeFileSync(join(folder, "file"), "");
    symlinkSync("/dev/null", join(folder, "null"));
    const places: readonly (readonly [what: string, paths: readonly string[], warning: RegExp])[] = [
      ["no file", [], /was accepted but not recorded, because there is no known_hosts file/u],
      ["no folder", [join(folder, "file", "known_hosts")], /could not be added to .*(EEXIST|ENOTDIR)/u],
      ["/dev/null", [join(folder, "null")], /could not be added to .*null/u],
    ];
    for (const [what, knownHostsFiles, warning] of places)
      it(what, { skip: process.platform === "win32" }, async (t) => {
        const right = await serverFor(t);
        const wrong = await serverFor(t, { hostKeys: [testKey("impostor")] });
        const connect = openSsh(bareOptions()).connect;
        const alias = (server: ScriptedServer): Host => ({
          ...hostOf(server, { hostKeys: { pinned: [], knownHostsFiles, strict: "accept-new" } }),
          sshConfig: config,
        });
        assert.match((await visit(alias(right), connect)).join(), warning);
        await assert.rejects(visit(alias(wrong), connect), {
          code: "host-key-changed",
          message: /not the one that was accepted before/u,
        });
        assert.deepEqual(wrong.logins, []);
        assert.match((await visit(alias(right), connect)).join(), warning);
      });
  });

  it("writes no key of a host that does not prove its ownership", async (t) => {
    const { connect: dial, createServer } = await import("node:net");
    const server = await serverFor(t);
    // Damages what the host sends late in the key exchange.
    const proxy = createServer((socket) => {
      let sent = 0;
      const far = dial(server.port, server.address);
      far.on("data", (chunk: Buffer) => {
        sent += chunk.length;
        if (sent > 900) chunk[chunk.length - 40] = (chunk[chunk.length - 40] ?? 0) ^ 1;
        socket.write(chunk);
      });
      socket.on("data", (chunk) => far.write(chunk));
      for (const end of [socket, far])
        end.on("error", () => undefined).on("close", () => (far.destroy(), socket.destroy()));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => proxy.once("listening", resolve));
    t.after(() => proxy.close());
    const path = fresh();
    const { port } = proxy.address() as { port: number };
    const host = { ...hostWith(server, path), port, connectTimeoutMs: 600 };
    await assert.rejects(visit(host));
    assert.ok(!existsSync(path));
    assert.deepEqual(server.logins, []);
  });
});

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { runHere, startScene, withScene } from "../cli/scene";
import { createLinuxHost, linuxHostsPossible } from "../lab/linux/linux-host";
import { missingSsh } from "../openssh/machine-ssh";

/** Passes bytes on between standard input and output and a host. */
const relay = `
const socket = require("node:net").connect(Number(process.argv[3]), process.argv[2]);
process.stdin.pipe(socket).pipe(process.stdout);
`;

interface Checked {
  readonly hosts: readonly {
    readonly ready: boolean;
    readonly error?: { readonly code: string; readonly message: string };
    readonly findings: readonly { readonly check: string; readonly state: string; readonly fact: string }[];
  }[];
}

function findings(stdout: string, index = 0): Readonly<Record<string, string>> {
  const { hosts } = JSON.parse(stdout) as Checked;
  return Object.fromEntries(
    (hosts[index]?.findings ?? []).map(({ check, state, fact }) => [check, `${state}: ${fact}`]),
  );
}

describe("--check", () => {
  it("compares the given platform with the detected one, as a run does", async () => {
    const scene = await startScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }]);
    try {
      const check = ["--check", ...scene.hosts(), "--output", "json", "--platform"];
      const wrong = await scene.run([...check, "linux"]);
      assert.equal(wrong.status, 1, wrong.stdout);
      assert.equal(findings(wrong.stdout)["login"], "ok: accepted");
      assert.equal(findings(wrong.stdout)["platform"], "failed: unsupported-host");
      assert.equal(findings(wrong.stdout)["tools"], "unknown: not reached");
      const [host] = (JSON.parse(wrong.stdout) as Checked).hosts;
      assert.match(
        host?.error?.message ?? "",
        /^Cannot work on .*: it is "windows", but --platform linux is set$/u,
      );
      const right = await scene.run([...check, "windows"]);
      assert.equal(right.status, 0, right.stdout);
    } finally {
      await scene.close();
    }
  });

  it("reports a login as accepted if the connection is lost during detection", () =>
    withScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }], async ({ lab, run, hosts }) => {
      lab.host("rdsh01").fault({ on: "chcp", times: 9, trouble: "drop-before" });
      const { status, stdout } = await run(["--check", ...hosts(), "--output", "json"]);
      assert.equal(status, 1, stdout);
      const { login, platform } = findings(stdout);
      assert.deepEqual([login, platform], ["ok: accepted", "failed: connection-lost"]);
    }));

  it(
    "says that a proxy command is used, and nothing of its text",
    { skip: process.platform === "win32" },
    () =>
      withScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }], async ({ run, hosts, path }) => {
        writeFileSync(path("relay.cjs"), relay);
        const command = `${process.execPath} ${path("relay.cjs")} %h %p --token abc123`;
        const check = ["--check", ...hosts(), "--proxy-command", command];
        const text = await run(check);
        assert.equal(text.status, 0, text.stdout);
        assert.match(text.stdout, /ready +through a proxy command, windows/u);
        assert.match(text.stdout, /1 host: connection ok \(through a proxy command\), host-key ok/u);
        const json = await run([...check, "--output", "json", "--debug"]);
        assert.equal(findings(json.stdout)["connection"], "ok: through a proxy command");
        assert.match(json.stderr, /starting its proxy command/u);
        for (const { stdout, stderr } of [text, json])
          assert.doesNotMatch(`${stdout}${stderr}`, /relay|abc123|--token/u);
      }),
  );

  it("says that this machine's own ssh is used", { skip: missingSsh() }, () =>
    withScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }], async ({ run, hosts }) => {
      const { status, stdout } = await run(["--check", ...hosts(), "--ssh-client", "openssh"]);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /connection ok \(established with this machine's ssh\), host-key ok/u);
    }),
  );

  it("says why a proxy command fails, and nothing of its text", { skip: process.platform === "win32" }, () =>
    withScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }], async ({ run, hosts }) => {
      const command = "no-such-program --token abc123 %h";
      const { status, stdout, stderr } = await run(["--check", ...hosts(), "--proxy-command", command]);
      assert.equal(status, 1);
      assert.match(stdout, /its proxy command ended with exit code 127 \(its program is missing\)/u);
      assert.doesNotMatch(`${stdout}${stderr}`, /no-such-program|abc123/u);
    }),
  );

  const closed = "127.0.0.1:1";
  const rdsh01 = [{ name: "rdsh01", sessions: [{ user: "alice" }] }];

  it("claims nothing about a host it did not contact because a credential is missing", () =>
    withScene(rdsh01, async ({ path }) => {
      writeFileSync(path("empty"), "");
      const { status, stdout } = await runHere([
        ...["--check", "--output", "json", "--host", closed],
        ...["--identity", path("no-such-key"), "--known-hosts", path("empty")],
      ]);
      assert.equal(status, 1, stdout);
      const found = findings(stdout);
      assert.equal(found["connection"], "unknown: not reached");
      assert.equal(found["host-key"], "unknown: not reached");
      assert.equal(found["login"], "failed: auth-unavailable");
    }));

  it("claims nothing about a host it did not try because another host rejected the password", () =>
    withScene(rdsh01, async ({ hosts, path }) => {
      const { status, stdout } = await runHere(
        [
          ...["--check", "--output", "json", "--parallel", "1", ...hosts(), "--host", closed],
          ...["--user", "admin", "--password-env", "LAB_PASSWORD", "--known-hosts", path("known_hosts")],
        ],
        { env: { LAB_PASSWORD: "wrong" } },
      );
      assert.equal(status, 1, stdout);
      const [tried, untried] = [findings(stdout), findings(stdout, 1)];
      assert.equal(tried["host-key"], "ok: trusted");
      assert.equal(tried["login"], "failed: auth-rejected");
      assert.equal(untried["connection"], "unknown: not reached");
      assert.equal(untried["host-key"], "unknown: not reached");
      assert.equal(untried["login"], "failed: auth-rejected");
    }));

  it("reports a host as reached and trusted if it rejects every credential", () =>
    withScene([{ ...rdsh01[0]!, ssh: { methods: ["publickey"] } }], async ({ hosts, path }) => {
      const { status, stdout } = await runHere([
        ...["--check", "--output", "json", ...hosts()],
        ...["--user", "admin", "--password-env", "LAB_PASSWORD", "--known-hosts", path("known_hosts")],
      ]);
      assert.equal(status, 1, stdout);
      const found = findings(stdout);
      assert.equal(found["connection"], "ok: established");
      assert.equal(found["host-key"], "ok: trusted");
      assert.equal(found["login"], "failed: auth-unavailable");
    }));

  it("reports a host with an unknown key as reached", () =>
    withScene(rdsh01, async ({ hosts, path }) => {
      writeFileSync(path("empty"), "");
      const { stdout } = await runHere([
        ...["--check", "--output", "json", ...hosts()],
        ...["--identity", path("key"), "--known-hosts", path("empty")],
      ]);
      const found = findings(stdout);
      assert.equal(found["connection"], "ok: established");
      assert.equal(found["host-key"], "failed: host-key-unknown");
      assert.equal(found["login"], "unknown: not reached");
    }));

  it("prints a shared error once", async () => {
    const hosts = Array.from({ length: 30 }, (_, index) => ["--host", `127.0.0.${index + 1}:1`]).flat();
    const { stdout } = await runHere(["--check", ...hosts, "--user", "a", "--identity", "/no/such/key"]);
    assert.equal(stdout.match(/Cannot use private key/gu)?.length, 1, stdout);
    assert.match(stdout, /^127\.0\.0\.1:1 and 29 more hosts\n {2}Cannot use/mu);
  });

  it("opens one connection for all servers behind a host", async () => {
    const servers = ["rdsh02", "rdsh03", "rdsh04"];
    const hosts = [
      { name: "gate", sessions: [] },
      ...servers.map((name) => ({ name, sessions: [{ user: "alice" }] })),
    ];
    await withScene(hosts, async ({ lab, path }) => {
      const behind = servers.flatMap((name) => ["--host", name]);
      // A login by key passes no credentials to the servers behind the host.
      const access = [
        "--user",
        "admin",
        "--password-env",
        "LAB_PASSWORD",
        "--known-hosts",
        path("known_hosts"),
      ];
      const argv = ["--check", "--via", lab.addressOf("gate"), ...behind, "--output", "json", ...access];
      const { status, stdout } = await runHere(argv);
      assert.equal(status, 0, stdout);
      assert.equal((JSON.parse(stdout) as Checked).hosts.length, 3);
      assert.equal(new Set(lab.host("gate").logins.map(({ connection }) => connection)).size, 1);
    });
  });

  const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";
  for (const [who, uid, expected] of [
    ["root", 0, "ok: open"],
    ["another user", 1000, "warning: open: --drain needs a login as root"],
  ] as const) {
    it(`reports whether ${who} could drain a Linux host`, { skip }, async () => {
      const host = createLinuxHost({ uid, sessions: [{ user: "alice", tty: "pts/0" }] });
      const { status, stdout } = await runHere(["--check", "--host", "a", "--output", "json"], {
        world: {
          openSsh: () => ({ connect: host.connect, findJumpHosts: () => Promise.resolve(new Map()) }),
        },
      });
      assert.equal(status, 0, stdout);
      assert.equal(findings(stdout)["drain-mode"], expected);
      host.close();
    });
  }

  it("reports that logind does not know our own login", { skip }, async () => {
    const host = createLinuxHost({ isUnknownToLogind: true, sessions: [{ user: "alice" }] });
    const { status, stdout } = await runHere(["--check", "--host", "a"], {
      world: { openSsh: () => ({ connect: host.connect, findJumpHosts: () => Promise.resolve(new Map()) }) },
    });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /not ready .*tools: unsupported-host/u);
    assert.match(stdout, /does not know our own login.*"UsePAM yes".*pam_systemd/u);
    assert.doesNotMatch(stdout, /xxxx/u, "the form of an answer that was read well");
    host.close();
  });
});

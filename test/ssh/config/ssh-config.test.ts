import fc from "fast-check";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { hostResolver, type ResolvedHost } from "../../../provider/ssh/config/ssh-config";
import { parseConfigLine, splitWords } from "../../../provider/ssh/config/ssh-config-file";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { sshContext } from "../../../provider/ssh/options";
import { bareOptions, hostOf, never, startServer, testKey } from "../scripted-server";

const home = mkdtempSync(join(tmpdir(), "ssh-config-"));
mkdirSync(join(home, ".ssh"), { mode: 0o700 });
after(() => rmSync(home, { recursive: true }));
const localUser = userInfo().username;
let files = 0;

function fileWith(text: string, name = `config-${(files += 1)}`): string {
  const path = join(home, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const asked: Host = {
  label: "win-01:22",
  address: "win-01",
  login: { privateKeys: [] },
  hostKeys: { pinned: [], strict: "yes" },
  jumpHosts: [],
  algorithms: "default",
  keepaliveMs: 0,
  connectTimeoutMs: 15_000,
  undecided: ["strictHostKeyChecking", "keepalive", "connectTimeout"],
};

function resolve(
  text: string,
  changes: Partial<Host> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<ResolvedHost> {
  const context = sshContext(bareOptions({ home, baseFolder: home, env, localUser: () => localUser }));
  return hostResolver(context)({ ...asked, sshConfig: fileWith(text), ...changes });
}

async function refuses(text: string, message: RegExp, changes: Partial<Host> = {}): Promise<void> {
  await assert.rejects(resolve(text, changes), (error: unknown) => {
    assert.ok(error instanceof LogoffError, String(error));
    assert.equal(error.code, "plan-invalid");
    assert.match(error.message, message);
    assert.equal(error.problems[0]?.path, "connection.sshConfig");
    return true;
  });
}

describe("lines", () => {
  const rows: [line: string, keyword: string, ...words: string[]][] = [
    ["Port 22", "port", "22"],
    ["  PORT=22", "port", "22"],
    ["Port = 22 # comment", "port", "22"],
    ['User "DOMAIN user"', "user", "DOMAIN user"],
    ["User 'it''s'", "user", "its"],
    ["User DOMAIN\\user", "user", "DOMAIN\\user"],
    ["User a\\ b", "user", "a b"],
    ["Host a#b c", "host", "a#b", "c"],
    ["Host\ta\tb\r", "host", "a", "b"],
    ["ProxyCommand nc  -X \"5\" %h '#' # x ", "proxycommand", "nc  -X \"5\" %h '#' # x"],
    ["proxycommand = = a=b", "proxycommand", "a=b"],
  ];
  for (const [line, keyword, ...words] of rows)
    it(JSON.stringify(line), () => assert.deepEqual(parseConfigLine(line), { keyword, words }));

  it("may be empty or invalid", () => {
    for (const line of ["", "  ", "# x", "\r"]) assert.equal(parseConfigLine(line), undefined);
    assert.equal(parseConfigLine("Port"), '"port" has no argument');
    assert.equal(parseConfigLine('User "open'), "a quote is not closed");
    fc.assert(fc.property(fc.string(), (text) => void splitWords(text)));
  });
});

describe("a resolved host", () => {
  it("takes missing values from the file, in order", async () => {
    const { host, identities, alias } = await resolve(`
      Host win-*
        HostName %h.corp.example
        User DOMAIN\\admin
        IdentityFile ~/.ssh/%r-%h
        IdentityFile "\${KEYS}/%n"
        UserKnownHostsFile ~/kh1 /kh2
        HostKeyAlias farm
        IdentitiesOnly yes
      Host *
        User nobody
        Port 2222
        ConnectTimeout 1m30
        ServerAliveInterval 20
        StrictHostKeyChecking accept-new
        ForwardAgent yes
        SendEnv LANG
    `, {}, { KEYS: "/keys" }); // prettier-ignore
    assert.equal(host.label, "win-01:22");
    assert.equal(host.address, "win-01.corp.example");
    assert.equal(host.user, "DOMAIN\\admin");
    assert.equal(host.port, 2222);
    assert.equal(host.connectTimeoutMs, 90_000);
    assert.equal(host.keepaliveMs, 20_000);
    assert.equal(host.hostKeys.strict, "accept-new");
    assert.deepEqual(host.hostKeys.knownHostsFiles, [join(home, "kh1"), "/kh2"]);
    assert.deepEqual(identities, {
      only: true,
      files: [join(home, ".ssh", "DOMAIN\\admin-win-01.corp.example"), "/keys/win-01"],
    });
    assert.equal(alias, "farm");
  });

  it("keeps the values of the inputs", async () => {
    const text =
      "User x\nPort 1\nStrictHostKeyChecking no\nConnectTimeout 1\nServerAliveInterval 1\nUserKnownHostsFile /x\nProxyJump x";
    const given = {
      user: "admin",
      port: 2200,
      hostKeys: { pinned: [], strict: "yes", knownHostsFiles: ["/mine"] },
      undecided: [],
      jumpHosts: [asked],
    } as const;
    const { host } = await resolve(text, given);
    assert.deepEqual({ ...host, sshConfig: undefined }, { ...asked, ...given, sshConfig: undefined });
    assert.equal((await resolve("StrictHostKeyChecking no", { undecided: [] })).host.hostKeys.strict, "yes");
  });

  it("has the jump hosts of ProxyJump, which do not use its own login", async () => {
    const login = { privateKeys: [], password: { from: "value", value: "secret" } } as const;
    const hostKeys = { pinned: [testKey("x").publicText], strict: "yes" } as const;
    const { host } = await resolve("ProxyJump me@one:2222,[::1]:23,ssh://two", { login, hostKeys });
    assert.deepEqual(
      host.jumpHosts.map((jump) => [jump.label, jump.address, jump.user, jump.port]),
      [
        ["one:2222", "one", "me", 2222],
        ["::1:23", "::1", undefined, 23],
        ["two:22", "two", undefined, undefined],
      ],
    );
    for (const jump of host.jumpHosts) {
      assert.deepEqual(jump.login, { privateKeys: [] });
      assert.deepEqual(jump.hostKeys.pinned, []);
      assert.equal(jump.sshConfig, host.sshConfig);
    }
    assert.deepEqual((await resolve("ProxyJump win-01", { address: "WIN-01" })).host.jumpHosts, []);
    const forbidding = await resolve("ProxyJump one", { login: { privateKeys: [], agent: false } });
    assert.equal(forbidding.host.jumpHosts[0]?.login.agent, false);
    assert.deepEqual((await resolve("ProxyJump none\nProxyJump x")).host.jumpHosts, []);
    await refuses("ProxyJump a:99999", /ProxyJump must be a list/u);
  });

  it("has a lower-case name in paths, except for the token %n, and keeps its label", async () => {
    const text = "IdentityFile /k/%h-%n\nUserKnownHostsFile /kh/%h";
    const { host, identities } = await resolve(text, { address: "WIN-01" });
    assert.deepEqual([host.label, host.address], ["win-01:22", "win-01"]);
    assert.deepEqual(identities.files, ["/k/win-01-WIN-01"]);
    assert.deepEqual(host.hostKeys.knownHostsFiles?.[0], "/kh/win-01");
  });

  it("has the agent of IdentityAgent: a path, a variable or none", async () => {
    const env = { AGENT: "/run/agent", EMPTY: "" };
    const agents: [line: string, agent: Host["login"]["agent"]][] = [
      ["IdentityAgent ~/%r", join(home, localUser)],
      ["IdentityAgent ${AGENT}/x", "/run/agent/x"],
      ["IdentityAgent $AGENT", "/run/agent"],
      ["IdentityAgent $EMPTY", false],
      ["IdentityAgent $UNSET", false],
      ["IdentityAgent SSH_AUTH_SOCK", true],
      ["IdentityAgent none", false],
      ["IdentitiesOnly yes", undefined],
    ];
    for (const [line, agent] of agents)
      assert.equal((await resolve(line, {}, env)).host.login.agent, agent, line);
    const named = { login: { privateKeys: [], agent: "/own" } } as const;
    assert.equal((await resolve("IdentityAgent none", named)).host.login.agent, "/own");
    await refuses("IdentityAgent $A-B", /is not the name of an environment variable/u);
    await refuses("IdentityAgent ${UNSET_VARIABLE}", /"UNSET_VARIABLE" is not set/u);
  });

  it("has the proxy command of the inputs rather than either option of the file", async () => {
    const text = "ProxyCommand nc %h %p\nProxyJump x";
    const wayOf = async (changes: Partial<Host>): Promise<unknown> => {
      const { host } = await resolve(text, changes);
      return [host.jumpHosts.length, "proxyCommand" in host ? host.proxyCommand : "direct"];
    };
    assert.deepEqual(await wayOf({}), [0, "nc %h %p"]);
    assert.deepEqual(await wayOf({ proxyCommand: "own %h" }), [0, "own %h"]);
    assert.deepEqual(await wayOf({ proxyCommand: "None" }), [0, "direct"]);
    assert.deepEqual(await wayOf({ jumpHosts: [asked] }), [1, "direct"]);
  });

  it("is unchanged without ssh_config", async () => {
    const context = sshContext(bareOptions({ home, localUser: () => "me" }));
    const { host, identities } = await hostResolver(context)(asked);
    assert.deepEqual(host, { ...asked, port: 22, user: "me" });
    assert.deepEqual(identities, { only: false });
  });
});

describe("a jump host for every host", () => {
  it("is not reached through itself", async (t) => {
    const key = testKey("config");
    const jump = await startServer({ key, forwards: true });
    const target = await startServer({ key });
    t.after(() => Promise.all([jump.close(), target.close()]));
    const identity = fileWith(key.privateText, "star-identity");
    const known = fileWith(`* ${testKey("host").publicText}\n`, "star-known");
    const text = `Host bastion\n HostName 127.0.0.1\n Port ${jump.port}\nHost *\n ProxyJump bastion:${jump.port}\n IdentityFile ${identity}\n UserKnownHostsFile ${known}`;
    const host = hostOf(target, {
      login: { privateKeys: [] },
      hostKeys: asked.hostKeys,
      sshConfig: fileWith(text),
    });
    const connection = await openSsh(bareOptions()).connect(host, never);
    await connection.close();
    assert.deepEqual(jump.forwarded, [`127.0.0.1:${target.port}`]);
  });

  it("is refused in a circle", async () => {
    const identity = fileWith(testKey("config").privateText, "circle-identity");
    const text = `Host a\n ProxyJump b\nHost b\n ProxyJump a\nHost *\n IdentityFile ${identity}`;
    const host = { ...asked, address: "a", sshConfig: fileWith(text) };
    const circle = { code: "jump-host-failed", message: /form a loop/u };
    await assert.rejects(openSsh(bareOptions()).connect(host, never), circle);
  });
});

describe("a line that we cannot honour exactly is an error:", () => {
  const lines = [
    "PasswordAuthentication no",
    "PubkeyAuthentication no",
    "PreferredAuthentications publickey",
    "RevokedHostKeys /x",
    "KnownHostsCommand /bin/x",
    "VerifyHostKeyDNS yes",
    "CanonicalizeHostname yes",
  ];
  for (const line of lines)
    it(line, async () => {
      await refuses(`Host *\n  ${line}`, /config-\d+:2: .* is not supported/u);
      await resolve(`Host other\n  ${line}`);
    });

  it("a ProxyCommand with a token of another option, or that passes a socket on", async () => {
    await refuses("User x\nProxyCommand nc %h %k", /:2: ProxyCommand: token %k is not supported/u);
    await refuses("ProxyCommand nc %h 20%", /:1: ProxyCommand: token % is not supported/u);
    await refuses("ProxyCommand nc -F %h %p\nProxyUseFdpass yes", /:1: ProxyUseFdpass is not supported/u);
    await resolve("ProxyCommand none\nProxyUseFdpass yes");
  });

  it("unless it changes nothing", async () => {
    await resolve(
      "PasswordAuthentication yes\nProxyCommand none\nVerifyHostKeyDNS no\nCompression yes\nHashKnownHosts yes\nGSSAPIAuthentication yes",
    );
    assert.equal((await resolve("ProxyJump one\nProxyCommand nc")).host.jumpHosts.length, 1);
  });

  it("bad values, tokens, variables, criteria, files", async () => {
    await refuses("Port many", /Port must be a number/u);
    await refuses("ConnectTimeout soon", /must be a time/u);
    await refuses("StrictHostKeyChecking maybe", /StrictHostKeyChecking/u);
    await refuses("IdentityFile %Z", /token %Z/u);
    await refuses("HostName %p", /token %p/u);
    await refuses("IdentityFile ${UNSET_VARIABLE}", /"UNSET_VARIABLE" is not set/u);
    await refuses("Match moon full", /Match moon/u);
    await refuses("Match host", /no argument/u);
    await refuses('User "x', /quote/u);
    await refuses("x", /no argument/u);
    await assert.rejects(resolve("", { sshConfig: "/nonexistent/config" }), { message: /no such file/u });
  });
});

describe("Match", () => {
  it("reports exec, which is never run", async () => {
    const marker = join(home, "ran");
    const { host, warnings } = await resolve(
      `Match exec "touch ${marker}"\n  Port 1\nMatch host win-* exec "true"\n  Port 2\nMatch all\n  Port 3`,
    );
    assert.equal(host.port, 3);
    assert.equal(warnings.length, 2);
    assert.throws(() => chmodSync(marker, 0o600), { code: "ENOENT" });
  });

  it("accepts = in the command of exec", async () => {
    const { host, warnings } = await resolve(
      'Match exec "A=1 true"\n Port 1\nMatch user=x exec="A=1"\n Port 2',
    );
    assert.equal(host.port, 22);
    assert.equal(warnings.length, 2);
  });
});

describe("files", () => {
  it("are the user's, then the system's, when none is named", async () => {
    const system = fileWith("User system\nPort 77", "system_config");
    writeFileSync(join(home, ".ssh", "config"), "User own", { mode: 0o600 });
    const context = sshContext(bareOptions({ home, systemSshConfigFile: system }));
    const { host } = await hostResolver(context)({ ...asked, sshConfig: true });
    assert.deepEqual([host.user, host.port], ["own", 77]);
    chmodSync(join(home, ".ssh", "config"), 0o666);
    await assert.rejects(hostResolver(context)({ ...asked, sshConfig: true }), {
      message: /bad owner or permissions/u,
    });
    rmSync(join(home, ".ssh", "config"));
    assert.equal((await hostResolver(context)({ ...asked, sshConfig: true })).host.user, "system");
  });

  it("cannot include each other endlessly", async () => {
    const path = fileWith("", "loop");
    writeFileSync(path, `Include ${path}\nPort 1`);
    await refuses("", /too many levels/u, { sshConfig: path });
  });
});

describe("agrees with ssh -G", () => {
  const included = ["inc-a", "inc-b"].map((name) => join(home, ".ssh", name));
  const word = fc.constantFrom(
    "win-01",
    "win-*",
    "*",
    "!win-01",
    "db",
    "10.0.0.?",
    "WIN-01",
    "win-0?",
    "!*",
    "*.corp",
    "real",
  );
  const option = fc.oneof(
    fc.constantFrom(
      "Port 22",
      "Port=2222",
      'User "the user"',
      "User admin",
      "User = other",
      "HostName %h.corp",
      "HostName real",
    ),
    fc.constantFrom("IdentityFile ~/.ssh/a", "IdentityFile /k/%h", "IdentitiesOnly yes", "IdentitiesOnly no"),
    fc.constantFrom("HostKeyAlias farm", "ConnectTimeout 30", "ConnectTimeout 1m", "ServerAliveInterval 15"),
    fc.constantFrom(
      "StrictHostKeyChecking no",
      "StrictHostKeyChecking accept-new",
      "StrictHostKeyChecking ask",
      "StrictHostKeyChecking yes",
    ),
    fc.constantFrom(
      "UserKnownHostsFile /kh",
      "UserKnownHostsFile /a /b",
      "ProxyJump j1",
      "ProxyJump u@j1:2222,j2",
      "ProxyJump none",
      "ProxyCommand none",
      'ProxyCommand = nc  -X "5" %h %p # x',
      "ProxyCommand proxy %n",
    ),
    fc.constantFrom("# comment", "", "  Port 23  # x", "Compression yes", "\tUser\ttabbed"),
  );
  const criteria = fc.oneof(
    fc.tuple(fc.constantFrom("host", "originalhost", "!host"), fc.constantFrom("win-*", "win-01,db", "*.corp", "real", "!win-01,*")),
    fc.tuple(fc.constantFrom("user", "localuser", "!user"), fc.constantFrom("admin", localUser, "ad*", "!admin,*")),
  ).map((parts) => parts.join(" ")); // prettier-ignore
  const section = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `Host ${words.join(" ")}`),
    },
    {
      weight: 3,
      arbitrary: fc.array(criteria, { minLength: 1, maxLength: 2 }).map((list) => `Match ${list.join(" ")}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("Match all", "Match final", "Match final host *.corp", "Match canonical"),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "Include inc-a",
        "Include ~/.ssh/inc-*",
        "Include none-such",
        "Include inc-a inc-b",
      ),
    },
  );
  const text = fc
    .array(fc.oneof({ weight: 2, arbitrary: option }, { weight: 1, arbitrary: section }), { maxLength: 12 })
    .map((lines) => lines.join("\n"));
  const inner = fc
    .array(
      fc.oneof(
        option,
        fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => `Host ${words.join(" ")}`),
      ),
      { maxLength: 4 },
    )
    .map((lines) => lines.join("\n"));

  function oracle(path: string, host: string, user: string | undefined): Map<string, string[]> {
    const args = ["-G", "-F", path, ...(user === undefined ? [] : ["-l", user]), host];
    const { stdout, status, stderr } = spawnSync("ssh", args, {
      encoding: "utf8",
      env: { HOME: home, PATH: process.env["PATH"] },
    });
    assert.equal(status, 0, stderr);
    const values = new Map<string, string[]>();
    for (const line of stdout.split("\n")) {
      const [key = "", ...rest] = line.split(" ");
      values.set(key, [...(values.get(key) ?? []), rest.join(" ")]);
    }
    return values;
  }

  const jumpsOf = ({ jumpHosts }: Host): string =>
    jumpHosts
      .map((jump) => `${jump.user ? `${jump.user}@` : ""}${jump.address}${jump.port ? `:${jump.port}` : ""}`)
      .join(",") || "none";

  const cases: [what: string, config: string, address?: string][] = [
    [
      "that Host lines apply to the resolved name if there is a Match final",
      "Host web\n HostName Web.corp.example\nHost *.corp.example\n User ops\n Port 2222\n ProxyJump b\nMatch final all\n Compression no",
      "web",
    ],
    [
      "that Host lines apply to the lower-case name if there is a Match final",
      "Host WEB\n User upper\nHost web\n Port 2222\nMatch final\n Compression no",
      "WEB",
    ],
    [
      "that ProxyCommand none before a ProxyJump disables it for the host",
      "Host win-01\n ProxyCommand none\nHost *\n ProxyJump bastion",
    ],
    ["that the host is the lower-case name", "HostName %h.CORP", "WIN-01"],
    ["that the host is the lower-case name without a HostName", "Port 2222", "WIN-01"],
    ["that ProxyCommand none after a ProxyJump changes nothing", "ProxyJump bastion\nProxyCommand none"],
    [
      "that = separates a criterion from its argument",
      "Match host=win-* user=*\n Port 99\nMatch !host=db\n User u",
    ],
    ["that a ProxyCommand wins over a later ProxyJump", "ProxyCommand nc %h %p\nProxyJump bastion"],
    ["that a ProxyJump wins over a later ProxyCommand", "ProxyJump bastion\nProxyCommand nc %h %p"],
    [
      "that a ProxyCommand after ProxyJump none is run",
      "ProxyJump none\nProxyJump bastion\nProxyCommand nc %h %p",
    ],
    [
      "that ProxyCommand none wins over a later command and a later ProxyJump",
      "ProxyCommand none\nProxyCommand nc\nProxyJump bastion",
    ],
    ["that a ProxyCommand is everything up to the end of its line", 'ProxyCommand=nc  "%h"  # %p \t'],
    ["that ProxyJump none wins over a later one", "ProxyJump none\nProxyCommand none\nProxyJump bastion"],
  ];
  for (const [what, config, address = "win-01"] of cases)
    it(what, async () => {
      const theirs = oracle(fileWith(config), address, undefined);
      const { host } = await resolve(config, { address });
      assert.deepEqual(
        [host.address, host.user, String(host.port), jumpsOf(host), host.proxyCommand ?? "none"],
        ["hostname", "user", "port", "proxyjump", "proxycommand"].map(
          (key) => theirs.get(key)?.[0] ?? "none",
        ),
      );
    });

  describe("on which files Include reads", () => {
    const folder = join(home, "conf.d");
    const names = [
      "10-a",
      "a",
      "b",
      "c",
      "^",
      "[x",
      "]",
      "-",
      "\\",
      ".hid",
      "A",
      "a-b/x",
      "a/x",
      "sub.conf/x",
    ];
    for (const name of names) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, `${name}.conf`), `IdentityFile /${name}`, { mode: 0o600 });
    }
    const patterns = [
      ..."[0-9]*.conf [!a]*.conf [^a].conf [a-b].conf [b-a].conf []].conf [!]].conf [!].conf [a- [a-].conf".split(
        " ",
      ),
      ..."[[:alpha:]].conf [[:digit:]]*.conf [[:none:]a].conf [[:upper:]-].conf [[x.conf [.]hid.conf .h*".split(
        " ",
      ),
      ..."\\[x.conf [\\]].conf [\\\\\\\\].conf * ? ?.conf */*.conf a*/x.conf [a]/x.conf {a,b}.conf sub.conf".split(
        " ",
      ),
      ..."none/*.conf none[x].conf a.conf/*.conf a.conf/x a[.]conf/x ../conf.d/a.conf".split(" "),
    ];
    for (const pattern of patterns)
      it(pattern, async () => {
        const config = `Include ${folder}/${pattern}`;
        const theirs = oracle(fileWith(config), "win-01", undefined).get("identityfile") ?? [];
        const { identities } = await resolve(config);
        assert.deepEqual(
          identities.files ?? [],
          theirs.filter((file) => !file.startsWith("~")),
        );
      });
  });

  // ssh takes the home folder from the password file, not from HOME, so ~ and relative names in Include are not compared.
  const realHome = userInfo().homedir;
  it("on hosts, users, ports, files and other options in generated files", async () => {
    const one = fc.tuple(
      text,
      inner,
      inner,
      fc.constantFrom("win-01", "db", "10.0.0.7", "WIN-01"),
      fc.constantFrom(undefined, "admin"),
    );
    await fc.assert(
      fc.asyncProperty(one, async ([main, a, b, address, user]) => {
        writeFileSync(included[0]!, a, { mode: 0o600 });
        writeFileSync(included[1]!, b, { mode: 0o600 });
        const here = (config: string): string =>
          config.replace(/^Include .*$/gmu, (line) =>
            line.replaceAll(/(?:~\/\.ssh\/)?(inc-\S+|none-such)/gu, `${home}/.ssh/$1`),
          );
        const path = fileWith(here(main), "generated");
        const theirs = oracle(path, address, user);
        const { host, identities, alias } = await resolve(here(main), {
          address,
          ...(user !== undefined && { user }),
        });
        const first = (key: string): string | undefined => theirs.get(key)?.[0];
        assert.equal(host.address, first("hostname"));
        assert.equal(String(host.port), first("port"));
        assert.equal(host.user, first("user"));
        assert.equal(alias ?? "none", first("hostkeyalias") ?? "none");
        const strict = { true: "yes", ask: "yes", false: "no", "accept-new": "accept-new" }[
          first("stricthostkeychecking") ?? ""
        ];
        assert.equal(host.hostKeys.strict, strict);
        assert.equal(identities.only, first("identitiesonly") === "yes");
        if (first("connecttimeout") !== "none")
          assert.equal(host.connectTimeoutMs, Number(first("connecttimeout")) * 1000);
        assert.equal(host.keepaliveMs, Number(first("serveraliveinterval")) * 1000);
        const tilde = (file: string): string =>
          file.replace(/^~/u, home).replace(realHome, home).replaceAll("%h", host.address);
        if (identities.files) assert.deepEqual(identities.files, theirs.get("identityfile")?.map(tilde));
        if (host.hostKeys.knownHostsFiles)
          assert.deepEqual(
            host.hostKeys.knownHostsFiles.slice(0, first("userknownhostsfile")?.split(" ").length),
            first("userknownhostsfile")?.split(" ").map(tilde),
          );
        assert.equal(jumpsOf(host), first("proxyjump") ?? "none");
        assert.equal(host.proxyCommand ?? "none", first("proxycommand") ?? "none");
      }),
      { numRuns: Number(process.env["FC_RUNS"] ?? 120) },
    );
  });
});

describe("a connection with ssh_config", () => {
  it("takes host, user, key and known_hosts file from ssh_config", async (t) => {
    const key = testKey("config");
    const server = await startServer({ key });
    t.after(() => server.close());
    const identity = fileWith(key.privateText, "identity");
    const known = fileWith(`farm ${testKey("host").publicText}\n`, "known");
    const config = fileWith(
      `Host alias\n HostName 127.0.0.1\n Port ${server.port}\n IdentityFile /none\n IdentityFile ${identity}\n UserKnownHostsFile ${known}\n HostKeyAlias farm\n`,
    );
    const host = {
      ...hostOf(server),
      label: "alias:22",
      address: "alias",
      login: { privateKeys: [] },
      hostKeys: { pinned: [], strict: "yes" },
      sshConfig: config,
    } as const;
    const withoutPort: { port?: number } & Host = { ...host };
    delete (withoutPort as { port?: number }).port;
    const connection = await openSsh(bareOptions()).connect(withoutPort, never);
    assert.equal((await connection.exec("x", { timeoutMs: 2000 })).code, 0);
    await connection.close();
    assert.ok(server.logins.at(-1)?.endsWith(":signed"));
  });
});

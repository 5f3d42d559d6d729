import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { createLanguageProject, findLanguage } from "../e2e/language-project";
import { labUser, startLab } from "../lab/lab";

const root = resolve(__dirname, "..", "..");

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiled code of a folder that is removed would stay in the user's cache folder. */
const withoutCompiledCode: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: undefined,
  NODE_DISABLE_COMPILE_CACHE: "1",
};

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = withoutCompiledCode,
): Promise<Ran> {
  return new Promise((done) => {
    execFile(program, args, { cwd, env, maxBuffer: 1 << 26, timeout: 180_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      done({ code, stdout, stderr });
    });
  });
}

/** The program from the README. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff } from "pulumi-session-logoff";

const config = new pulumi.Config();
const loggedOff = new SessionLogoff("pre-patch", {
  hosts: config.requireObject<string[]>("hosts"),
  sessions: { all: true, except: { users: ["svc-*"] } },
  triggers: [config.get("patchRelease") ?? ""],
});
export const readyHosts = loggedOff.readyHosts;
`;

/** Tests what a new user gets: the packed tarball, installed in an empty folder. */
describe("the packed package", () => {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-packed-"));
  const installed = join(folder, "node_modules", "pulumi-session-logoff");
  const main = join(installed, "dist", "command", "session-logoff.js");

  before(async () => {
    const packed = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
    assert.equal(packed.code, 0, packed.stderr);
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
    assert.ok(tarball);
    writeFileSync(join(folder, "package.json"), '{ "name": "stranger", "private": true }\n');
    const install = [
      "install",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--prefer-offline",
      join(folder, tarball),
    ];
    const got = await run("npm", install, folder);
    assert.equal(got.code, 0, got.stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("contains what it needs and nothing else", () => {
    assert.deepEqual(readdirSync(installed).sort(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
      "plugin",
      "schema",
    ]);
    const files = readdirSync(join(installed, "dist"), { recursive: true }).map(String);
    assert.deepEqual(
      files.filter((file) => /test|(?:^|[\\/])lab[\\/]|bench/u.test(file)),
      [],
    );
    assert.ok(existsSync(main));
    // Outside the bundle it would not find the gRPC library.
    assert.ok(!existsSync(join(installed, "dist", "provider", "pulumi", "plugin")));
    // In the bundle only, so that no process has it twice.
    assert.ok(!existsSync(join(installed, "dist", "provider", "cli")));
  });

  it("does not install Pulumi, which the command does not need", () => {
    assert.equal(existsSync(join(folder, "node_modules", "@pulumi")), false);
  });

  const nodes: readonly (readonly [what: string, find: () => Promise<string>])[] = [
    [`this Node (${process.version})`, () => Promise.resolve(process.execPath)],
    ...[22, 24].map(
      (major) =>
        [
          `Node ${major}`,
          async (): Promise<string> => (await import("../../tools/node-versions.mjs")).ensureNode(major),
        ] as const,
    ),
  ];

  async function nodeOrSkip(find: () => Promise<string>, test: TestContext): Promise<string | undefined> {
    try {
      return await find();
    } catch (error) {
      test.skip(`needs the npm registry once: ${error instanceof Error ? error.message.slice(0, 200) : ""}`);
      return undefined;
    }
  }

  for (const [what, find] of nodes) {
    it(`provides a command that works on ${what}`, async (test) => {
      const node = await nodeOrSkip(find, test);
      if (node === undefined) return;
      const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
        version: string;
      };
      const cache = mkdtempSync(join(folder, "cache-"));
      const env = { ...withoutCompiledCode, NODE_DISABLE_COMPILE_CACHE: undefined, XDG_CACHE_HOME: cache };
      const before = readdirSync(installed, { recursive: true });
      const told = await run(node, [main, "--version"], folder, env);
      const { stdout: ability } = await run(
        node,
        ["-p", "typeof require('node:module').enableCompileCache"],
        folder,
      );
      // Compiled code is kept where Node can keep it, and never in the package.
      assert.deepEqual(readdirSync(cache), ability === "function\n" ? ["pulumi-session-logoff"] : []);
      assert.deepEqual(readdirSync(installed, { recursive: true }), before);
      assert.ok(told.stdout.includes(version), told.stdout + told.stderr);
      const help = await run(node, [main, "/?"], folder);
      assert.equal(help.code, 0);
      assert.match(help.stdout, /session-logoff/);
      assert.equal((await run(node, [main, "--no-such-option"], folder)).code, 2);

      const lab = await startLab({ hosts: [{ name: "a", sessions: [{ user: "alice" }, { user: "bob" }] }] });
      try {
        const [host] = lab.hosts;
        assert.ok(host);
        const key = join(folder, "key");
        writeFileSync(key, lab.clientKey.privateKey, { mode: 0o600 });
        const known = join(folder, "known_hosts");
        writeFileSync(known, lab.knownHosts);
        const place = `${host.address}:${host.port}`;
        const login = ["--user", labUser.name, "--identity", key, "--known-hosts", known];
        const ran = await run(node, [main, "2", `/server:${place}`, ...login, "--output", "json"], folder);
        assert.equal(ran.code, 0, ran.stderr);
        const report = JSON.parse(ran.stdout) as { totals: { loggedOff: number } };
        assert.equal(report.totals.loggedOff, 1);
        assert.deepEqual(host.model.people(), ["bob"]);
      } finally {
        await lab.close();
      }
    });
  }

  it("is found by npx and by its command name", async () => {
    const bin = join(folder, "node_modules", ".bin", "session-logoff");
    assert.equal((await run(bin, ["--version"], folder)).code, 0);
    const npx = await run("npx", ["--no-install", "pulumi-session-logoff", "--version"], folder);
    assert.equal(npx.code, 0, npx.stderr);
  });

  for (const [what, path] of [
    ["its command", "node_modules/.bin"],
    ["its folder plugin/", "node_modules/pulumi-session-logoff/plugin"],
  ] as const)
    it(`provides the plugin to a program in YAML, by ${what}`, async (test) => {
      const language = await findLanguage("yaml");
      if (typeof language === "string") {
        test.skip(language);
        return;
      }
      const lab = await startLab({ hosts: [{ name: "a", sessions: [{ user: "alice" }] }] });
      const project = await createLanguageProject({
        language,
        env: { NODE_DISABLE_COMPILE_CACHE: "1" },
        files: {
          "Pulumi.yaml": `name: stranger
runtime: yaml
plugins: { providers: [{ name: session-logoff, path: ${path} }] }
resources:
  pre-patch:
    type: session-logoff:SessionLogoff
    properties: { hosts: ["${lab.addressOf("a")}"], sessions: { all: true } }
`,
        },
      });
      try {
        symlinkSync(join(folder, "node_modules"), join(project.folder, "node_modules"), "junction");
        await project.configure(lab);
        const up = await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(lab.host("a").model.people(), []);
        assert.doesNotMatch(up, /warning/u);
      } finally {
        project.remove();
        await lab.close();
      }
    });

  it("is a source for `pulumi package add`, which needs no more than the package", async (test) => {
    const plugin = join(installed, "plugin");
    // What the command does first.
    const got = await run("npm", ["install", "--no-audit", "--no-fund", "--offline"], plugin);
    assert.equal(got.code, 0, got.stderr);
    const start = createRequire(join(plugin, "index.js")).resolve("@pulumi/pulumi/cmd/run-plugin");
    const child = spawn(process.execPath, [start, plugin, "127.0.0.1:1"], {
      cwd: tmpdir(),
      stdio: ["pipe", "pipe", "inherit"],
    });
    test.after(() => child.kill("SIGKILL"));
    const [port] = (await once(child.stdout, "data", { signal: AbortSignal.timeout(30_000) })) as [Buffer];
    assert.match(port.toString(), /^\d+\n$/u);
    const ended = once(child, "exit", { signal: AbortSignal.timeout(30_000) });
    child.kill("SIGINT");
    await ended;
  });

  it("gives a program in YAML its package by `pulumi package add`", async (test) => {
    const language = await findLanguage("yaml");
    if (typeof language === "string") {
      test.skip(language);
      return;
    }
    const project = await createLanguageProject({
      language,
      files: { "Pulumi.yaml": "name: stranger\nruntime: yaml\n" },
    });
    try {
      symlinkSync(join(folder, "node_modules"), join(project.folder, "node_modules"), "junction");
      const added = await project.pulumi("package", "add", "./node_modules/pulumi-session-logoff/plugin");
      if (added.output.includes("not supported")) {
        test.skip("the Node host that we can build is older than this command; install an official Pulumi");
        return;
      }
      assert.equal(added.code, 0, added.output);
      assert.match(
        readFileSync(join(project.folder, "Pulumi.yaml"), "utf8"),
        /^packages:\n +session-logoff:/mu,
      );
    } finally {
      project.remove();
    }
  });

  it("works in a Pulumi program in TypeScript", async () => {
    const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
    const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
    const { path } = await ensureEngine();
    // The user installs the SDK; linking ours saves a minute and 200 MB.
    mkdirSync(join(folder, "node_modules", "@pulumi"), { recursive: true });
    symlinkSync(
      join(root, "node_modules", "@pulumi", "pulumi"),
      join(folder, "node_modules", "@pulumi", "pulumi"),
      "junction",
    );
    writeFileSync(join(folder, "index.ts"), program);
    writeFileSync(join(folder, "Pulumi.yaml"), "name: stranger\nruntime: nodejs\nmain: index.ts\n");
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { strict: true, module: "nodenext", target: "es2022", skipLibCheck: true },
      }),
    );
    const env = engineEnvironment({
      engine: path,
      home: join(folder, "home"),
      stateDir: join(folder, "state"),
      passphrase: "x",
    });
    const lab = await startLab({ hosts: [{ name: "a", sessions: [{ user: "alice" }, { user: "svc-x" }] }] });
    try {
      const [host] = lab.hosts;
      assert.ok(host);
      const pulumi = async (...args: readonly string[]): Promise<void> => {
        const ran = await run(path, [...args, "--non-interactive"], folder, env);
        assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      };
      await pulumi("stack", "init", "s");
      await pulumi("config", "set", "--path", "hosts[0]", `${host.address}:${host.port}`);
      await pulumi("config", "set", "session-logoff:user", labUser.name);
      await pulumi("config", "set", "--secret", "session-logoff:password", labUser.password);
      await pulumi("config", "set", "session-logoff:knownHosts", lab.knownHosts);
      await pulumi("up", "--yes", "--skip-preview");
      assert.deepEqual(host.model.people(), ["svc-x"]);
      await pulumi("destroy", "--yes", "--skip-preview");
    } finally {
      await lab.close();
    }
  });
});

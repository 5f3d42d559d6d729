import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { Language } from "../../tools/engine/language.mjs";
import { startLab, type Lab } from "../lab/lab";
import { createLanguageProject, findLanguage, type LanguageProject } from "./language-project";

const root = resolve(__dirname, "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const os = { darwin: "darwin", win32: "windows" }[process.platform as string] ?? "linux";
const archive = `pulumi-resource-session-logoff-v${version}-${os}-${process.arch === "arm64" ? "arm64" : "amd64"}.tar.gz`;

/** Any connection that is not to this machine fails at once. */
const offline = { HTTP_PROXY: "http://127.0.0.1:1", HTTPS_PROXY: "http://127.0.0.1:1" };

/** A program that says nothing of where the plugin is, unless its options do. */
const program = (hosts: readonly string[], options = ""): string => `name: patch-night
runtime: yaml
resources:
  pre-patch:
    type: session-logoff:SessionLogoff
    properties:
      hosts: ${JSON.stringify(hosts)}
      sessions: { all: true }
${options}`;

describe("the archive of the plugin", { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-archives-"));
  let language: Language | string;
  let lab: Lab;
  let project: LanguageProject | undefined;
  const people = (): readonly string[] => lab.hosts.flatMap(({ model }) => model.people());
  const hosts = (): readonly string[] => lab.hosts.map(({ name }) => lab.addressOf(name));

  before(async () => {
    language = await findLanguage("yaml");
    const { bundlePlugin } = await import("../../tools/plugin/bundle.mjs");
    const { packagePlugin } = await import("../../tools/plugin/archive.mjs");
    await packagePlugin({
      folder: join(folder, "files"),
      bundle: await bundlePlugin(join(folder, "bundle")),
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    // Node runs no afterEach after a test that is skipped.
    if (typeof language === "string") return;
    lab = await startLab({ hosts: [{ name: "a", sessions: [{ user: "alice" }] }] });
  });
  afterEach(async () => {
    project?.remove();
    project = undefined;
    await lab.close();
  });

  it("is installed from a file, and then found by every program", async (t) => {
    if (typeof language === "string") {
      t.skip(language);
      return;
    }
    project = await createLanguageProject({
      language,
      files: { "Pulumi.yaml": program(hosts()) },
      env: offline,
    });
    await project.configure(lab);
    const missing = await project.pulumi("up", "--yes", "--skip-preview");
    assert.notEqual(missing.code, 0, "it is not there yet");
    assert.deepEqual(people(), ["alice"]);

    const install = ["plugin", "install", "resource", "session-logoff", version];
    await project.succeed(...install, "--file", join(folder, "files", archive));
    assert.match(await project.succeed("plugin", "ls"), /session-logoff +resource +0\.\d+\.\d+/u);
    const schema = await project.succeed("package", "get-schema", "session-logoff");
    assert.equal((JSON.parse(schema) as { name: string }).name, "session-logoff");

    assert.doesNotMatch(await project.succeed("up", "--yes", "--skip-preview"), /warning/u);
    assert.deepEqual(people(), []);
  });

  it("is fetched from a pluginDownloadURL by the first run, and kept", async (t) => {
    if (typeof language === "string") {
      t.skip(language);
      return;
    }
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      const file = join(folder, "files", url);
      // Without its length, the engine refuses what it downloads.
      if (existsSync(file)) response.setHeader("content-length", statSync(file).size).end(readFileSync(file));
      else response.writeHead(404).end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const { port } = server.address() as AddressInfo;
      const options = `    options: { version: ${version}, pluginDownloadURL: "http://127.0.0.1:${port}" }\n`;
      project = await createLanguageProject({
        language,
        files: { "Pulumi.yaml": program(hosts(), options) },
        env: { ...offline, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false" },
      });
      await project.configure(lab);
      await project.succeed("up", "--yes", "--skip-preview");
      assert.deepEqual(people(), []);
      await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
      await project.succeed("destroy", "--yes", "--skip-preview");
      assert.deepEqual(asked, [`/${archive}`]);
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { extract, list } from "tar";

const root = resolve(__dirname, "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly uid: number | undefined;
  readonly mtime: number | undefined;
}

async function entriesOf(file: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  await list({
    file,
    onReadEntry: ({ path, mode, uid, mtime }) => {
      entries.push({ path, mode: mode ?? 0, uid, mtime: mtime?.getTime() });
    },
  });
  return entries;
}

describe("the archives of the plugin", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-archives-"));
  const archives = join(folder, "archives");
  let files: readonly string[] = [];
  const content = join(folder, "content");

  before(async () => {
    const { bundlePlugin } = await import("../../tools/plugin/bundle.mjs");
    const { packagePlugin } = await import("../../tools/plugin/archive.mjs");
    const bundle = await bundlePlugin(join(folder, "bundle"));
    mkdirSync(archives);
    writeFileSync(
      join(archives, "pulumi-resource-session-logoff-v0.0.1-linux-amd64.tar.gz"),
      "of the last release",
    );
    files = await packagePlugin({ folder: archives, bundle });
    mkdirSync(content);
    await extract({ file: files[0] ?? "", cwd: content });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are there under the names that the engine asks for, and nothing else is but their checksums", () => {
    const expected = ["darwin", "linux", "windows"].flatMap((os) =>
      ["amd64", "arm64"].map((arch) => `pulumi-resource-session-logoff-v${version}-${os}-${arch}.tar.gz`),
    );
    assert.deepEqual(
      files.map((file) => basename(file)),
      expected,
    );
    assert.deepEqual(readdirSync(archives).sort(), ["SHA256SUMS", ...expected]);
    const sums = readFileSync(join(archives, "SHA256SUMS"), "utf8").trimEnd().split("\n");
    assert.deepEqual(
      sums,
      expected.map((name) => {
        const sum = createHash("sha256")
          .update(readFileSync(join(archives, name)))
          .digest("hex");
        return `${sum}  ${name}`;
      }),
    );
  });

  it("are smaller than 1 MB", () => {
    for (const file of files) assert.ok(statSync(file).size < 1_000_000, `${file}: ${statSync(file).size}`);
  });

  it("hold the plugin, what starts it on every system, the schema and the licenses", async () => {
    const scripts = ["pulumi-resource-session-logoff", "pulumi-resource-session-logoff.cmd"];
    const others = [
      "LICENSE",
      "THIRD-PARTY-NOTICES",
      "late.js",
      "package.json",
      "plugin.js",
      "schema.json",
      "server.js",
    ];
    for (const file of files) {
      const entries = await entriesOf(file);
      assert.deepEqual(entries.map(({ path }) => path).sort(), [...others, ...scripts].sort());
      for (const { path, mode, uid, mtime } of entries) {
        assert.equal(mode & 0o777, scripts.includes(path) ? 0o755 : 0o644, path);
        assert.deepEqual([uid, mtime], [undefined, 0], path);
      }
    }
    const schema = JSON.parse(readFileSync(join(content, "schema.json"), "utf8")) as { version: string };
    assert.equal(schema.version, version);
    assert.equal(readFileSync(join(content, "LICENSE"), "utf8"), readFileSync(join(root, "LICENSE"), "utf8"));
  });

  it("name whose work is in them, with the text of each license", () => {
    const notices = readFileSync(join(content, "THIRD-PARTY-NOTICES"), "utf8");
    for (const [name, text] of [
      ["ssh2", "Brian White"],
      ["iconv-lite", "Alexander Shtuchkin"],
      ["google-protobuf", "Redistribution and use in source and binary forms"],
      ["@grpc/grpc-js", "Apache License"],
      ["tweetnacl", "This is free and unencumbered software"],
    ] as const) {
      assert.match(notices, new RegExp(`^- ${name} \\d+\\.\\d+\\.\\d+ \\(.+\\)$`, "mu"));
      const parts = notices.split("=".repeat(80)).filter((part) => part.trim().startsWith(`${name} `));
      assert.ok(
        parts.some((part) => part.includes(text)),
        `the license of ${name}`,
      );
    }
    assert.ok(!notices.includes("esbuild"), "what makes the bundle is not in it");
  });

  it("say nothing of the machine that made them", () => {
    for (const name of readdirSync(content)) {
      const text = readFileSync(join(content, name), "utf8");
      for (const place of [root, folder, tmpdir() + "/"])
        assert.ok(!text.includes(place), `${place} in ${name}`);
    }
  });

  it("have the same bytes when they are made again", async () => {
    const { bundlePlugin } = await import("../../tools/plugin/bundle.mjs");
    const { packagePlugin } = await import("../../tools/plugin/archive.mjs");
    const again = await packagePlugin({
      folder: join(folder, "again"),
      bundle: await bundlePlugin(join(folder, "elsewhere", "bundle")),
    });
    assert.deepEqual(readFileSync(again[0] ?? ""), readFileSync(files[0] ?? ""));
  });
});

describe("the notices of a bundle", () => {
  const text = (folder: string, file: string, content: string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), content);
  };

  it("are those of each package, also of nested ones and of those with a scope, once", async (t) => {
    const { bundledPackages, noticesOf } = await import("../../tools/plugin/notices.mjs");
    const folder = mkdtempSync(join(tmpdir(), "session-logoff-notices-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    for (const [place, manifest] of [
      ["node_modules/b", { name: "b", version: "2.0.0", licenses: [{ type: "MIT" }, { type: "ISC" }] }],
      ["node_modules/b/node_modules/@a/c", { name: "@a/c", version: "1.0.0", license: "0BSD" }],
      ["node_modules/d", { name: "d", version: "3.0.0", license: "MIT" }],
    ] as const) {
      text(join(folder, place), "package.json", JSON.stringify(manifest));
      text(join(folder, place), "LICENCE.txt", `license of ${manifest.name}\r\nand more\n`);
      text(join(folder, place), "index.js", "");
    }
    text(join(folder, "node_modules/b"), "NOTICE", "a notice");
    const inputs = Object.fromEntries(
      [
        "ours.ts",
        "node_modules/b/index.js",
        "node_modules/b/x/y.js",
        "node_modules/b/node_modules/@a/c/index.js",
      ].map((file) => [file, { bytes: 1, imports: [] }]),
    );
    const packages = bundledPackages({ inputs }, folder);
    assert.deepEqual(
      packages.map(({ name, license }) => [name, license]),
      [
        ["@a/c", "0BSD"],
        ["b", "MIT or ISC"],
      ],
    );
    const rule = "=".repeat(80);
    assert.equal(
      noticesOf(packages),
      `This program contains work of others, which they license as follows.
- @a/c 1.0.0 (0BSD)
- b 2.0.0 (MIT or ISC)

${rule}
@a/c 1.0.0: LICENCE.txt

license of @a/c
and more

${rule}
b 2.0.0: LICENCE.txt

license of b
and more

${rule}
b 2.0.0: NOTICE

a notice
`,
    );
  });

  it("cannot be made if a package has no license text", async () => {
    const { noticesOf } = await import("../../tools/plugin/notices.mjs");
    assert.throws(() => noticesOf([{ name: "b", version: "2.0.0", license: "MIT", texts: {} }]), {
      message: "b 2.0.0 has no license file to pass on",
    });
  });
});

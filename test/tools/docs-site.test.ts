import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import { readPages } from "../docs/blocks";

const root = resolve(__dirname, "..", "..");

interface Entry {
  readonly text: string;
  readonly path?: string;
  readonly children?: readonly Entry[];
}

interface Link {
  readonly tag: string;
  readonly url: string;
}

describe("npm run docs", () => {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-site-"));
  /** The files of the site, by their names with slashes. */
  let files = new Set<string>();
  before(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/docs.mjs", "--out", folder], {
      cwd: root,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
    files = new Set(
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/")),
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const pages = () => [...files].filter((name) => name.endsWith(".html"));
  const sources = readPages().flatMap(({ file }) => (file.startsWith("docs/") ? [file.slice(5)] : []));
  const heading = (source: string): string =>
    /^# (.+)$/mu.exec(readFileSync(join(root, "docs", source), "utf8"))?.[1] ?? "";

  it("has every page of docs/ under its heading, which it shows once", () => {
    for (const source of sources) {
      const html = read(`docs/${source.replace(/\.md$/u, ".html")}`);
      assert.ok(html.includes(`<title>${heading(source)} | pulumi-session-logoff</title>`), source);
      assert.equal(html.match(/<h1\b/gu)?.length, 1, source);
    }
  });

  it("lists the pages in the navigation in the order of docs/README.md", () => {
    const data = /navigationData = "([^"]+)"/u.exec(read("assets/navigation.js"))?.[1] ?? "";
    const navigation = JSON.parse(inflateSync(Buffer.from(data, "base64")).toString("utf8")) as Entry[];
    const links = readFileSync(join(root, "docs/README.md"), "utf8").matchAll(
      /\]\(([\w-]+\.md)(?:#[^)]*)?\)/gu,
    );
    const order = new Set(["README.md", ...[...links].map(([, name = ""]) => name)]);
    assert.deepEqual(
      navigation.find(({ text }) => text === "Guide")?.children?.map(({ text }) => text),
      [...order].map(heading),
    );
    assert.equal(order.size, sources.length);
  });

  it("starts with README", () => {
    const title = /^# (.+)$/mu.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] ?? "";
    assert.match(read("index.html"), new RegExp(`<h1 [^>]*>${title}<`, "u"));
  });

  it("has no link that leads nowhere", () => {
    const anchors = new Map<string, Set<string>>();
    const anchorsOf = (name: string): Set<string> => {
      const known =
        anchors.get(name) ?? new Set(Array.from(read(name).matchAll(/ id="([^"]*)"/gu), (m) => m[1]!));
      anchors.set(name, known);
      return known;
    };
    const broken: string[] = [];
    let count = 0;
    for (const page of pages()) {
      for (const { url } of linksIn(read(page))) {
        if (/^[a-z]+:/iu.test(url)) continue;
        count++;
        const [path = "", anchor = ""] = url.split("#").map(decodeURIComponent);
        const target = path === "" ? page : posix.join(posix.dirname(page), path);
        if (!files.has(target) || !/\.\w+$/u.test(target)) broken.push(`${page}: ${url}`);
        else if (anchor !== "" && !anchorsOf(target).has(anchor)) broken.push(`${page}: ${url} (anchor)`);
      }
    }
    assert.ok(count > 1000, `${count} links`);
    assert.deepEqual(broken, []);
  });

  it("loads nothing from the network", () => {
    const remote = /^(?:https?:)?\/\//iu;
    for (const page of pages()) {
      for (const { tag, url } of linksIn(read(page))) {
        if (tag !== "a") assert.doesNotMatch(url, remote, `${page}: <${tag}>`);
      }
    }
    for (const name of files) {
      if (/^assets\/.*\.css$/u.test(name)) {
        assert.doesNotMatch(read(name), /@import|url\(\s*["']?(?:https?:)?\/\//iu, name);
      }
    }
  });
});

/** What the tags of a page refer to. The generator escapes `<` and `>` in attributes and text alike. */
function linksIn(html: string): Link[] {
  const links: Link[] = [];
  for (const [, tag = "", attributes = ""] of html.matchAll(
    /<([a-z]+)((?:\s+[\w:-]+(?:="[^"]*")?)+)\s*\/?>/gu,
  )) {
    for (const [, name, value = ""] of attributes.matchAll(/\s(href|src|srcset)="([^"]*)"/gu)) {
      const urls = name === "srcset" ? value.split(",").map((part) => part.trim().split(/\s/u)[0]!) : [value];
      for (const url of urls) links.push({ tag, url: url.replaceAll("&amp;", "&") });
    }
  }
  return links;
}

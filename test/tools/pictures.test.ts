import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { SaxesParser, type SaxesTagPlain } from "saxes";
import { record } from "../../tools/pictures/recording";
import { readScreen, screenText } from "../../tools/pictures/screen";
import { recordingSvg, themes } from "../../tools/pictures/svg";

const images = resolve(__dirname, "..", "..", "docs", "images");
const hasTmux = process.platform !== "win32" && spawnSync("tmux", ["-V"]).status === 0;
const skip = hasTmux ? false : "no tmux here: apt-get install tmux";

interface Picture {
  /** The text of the last frame, a line per row. */
  readonly lastFrame: string;
  readonly names: ReadonlySet<string>;
  readonly attributes: readonly (readonly [string, string])[];
  readonly style: string;
  readonly title: string;
}

/** Reads a picture. @throws Error if it is not well-formed */
function read(svg: string): Picture {
  const parser = new SaxesParser();
  const open: SaxesTagPlain[] = [];
  const lines = new Map<string, string[]>();
  const last: string[] = [];
  const names = new Set<string>();
  const attributes: (readonly [string, string])[] = [];
  const texts = new Map<string, string>();
  parser.on("opentag", (tag) => {
    open.push(tag);
    names.add(tag.name);
    attributes.push(...Object.entries(tag.attributes));
    const { href } = tag.attributes;
    if (tag.name === "use" && href !== undefined && open.some(({ attributes: { id } }) => id === "last"))
      last.push(href.slice(1));
  });
  parser.on("closetag", () => void open.pop());
  parser.on("text", (text) => {
    const [line, piece] = open.slice(-2);
    if (piece === undefined) return;
    texts.set(piece.name, (texts.get(piece.name) ?? "") + text);
    const id = line?.attributes["id"];
    if (piece.name === "text" && id !== undefined) lines.set(id, [...(lines.get(id) ?? []), text]);
  });
  parser.write(svg).close();
  return {
    lastFrame: last.map((id) => (lines.get(id) ?? []).join("  ")).join("\n"),
    names,
    attributes,
    style: texts.get("style") ?? "",
    title: texts.get("title") ?? "",
  };
}

/** The table and the summary of a screen. Blanks do not count, since a terminal breaks long lines anywhere, nor do durations. */
function result(screen: string): string {
  const from = screen.lastIndexOf("HOST");
  assert.notEqual(from, -1, screen);
  return screen
    .slice(from)
    .replace(/\s+/gu, "")
    .replace(/\d+(?:\.\d+)?(?:ms|s)(?=after)/gu, "TIME");
}

describe("the pictures of the README", () => {
  for (const scheme of ["light", "dark"] as const) {
    it(`have a recording that is safe to show (${scheme})`, () => {
      const svg = readFileSync(join(images, `run-${scheme}.svg`), "utf8");
      assert.ok(svg.length < 100_000, `${svg.length} characters`);
      const { names, attributes, style, title } = read(svg);
      assert.deepEqual([...names].sort(), [
        "circle",
        "defs",
        "desc",
        "g",
        "path",
        "rect",
        "style",
        "svg",
        "text",
        "title",
        "use",
      ]);
      for (const [name, value] of attributes) {
        assert.doesNotMatch(name, /^on|^xlink/iu);
        if (name === "href") assert.match(value, /^#/u);
        if (name !== "xmlns") assert.doesNotMatch(value, /url\(|:\/\//u);
      }
      assert.doesNotMatch(style, /url\(|@import/u);
      assert.match(style, /prefers-reduced-motion/u);
      assert.notEqual(title, "");
    });

    it(`have a report of a size that is quick to load (${scheme})`, () => {
      const png = readFileSync(join(images, `report-${scheme}.png`));
      assert.ok(png.length < 250_000, `${png.length} bytes`);
      assert.equal(png.toString("latin1", 1, 4), "PNG");
      // At least the width at which the README shows it, for screens of twice the resolution.
      assert.ok(png.readUInt32BE(16) >= 1300);
    });
  }

  it("show what a run shows today; otherwise: npm run pictures", { skip, timeout: 300_000 }, async () => {
    const { frames } = await record();
    const last = frames.at(-1);
    assert.ok(last);
    for (const scheme of ["light", "dark"] as const) {
      const { lastFrame } = read(readFileSync(join(images, `run-${scheme}.svg`), "utf8"));
      assert.equal(result(lastFrame), result(screenText(last.screen)));
    }
  });

  it("escape what hosts say, and keep columns and colors", () => {
    const screen = readScreen("\u001b[2;39mHOST\u001b[0m   <b>&\u001b[31m failed\n\u001b[39mnext");
    assert.deepEqual(screen.lines, [
      [
        { column: 0, columns: 4, text: "HOST", color: "dim" },
        { column: 7, columns: 4, text: "<b>&", color: "plain" },
        { column: 12, columns: 6, text: "failed", color: "red" },
      ],
      [{ column: 0, columns: 4, text: "next", color: "plain" }],
    ]);
    const svg = recordingSvg([{ atMs: 0, screen }], themes.light, { title: "a < b", text: "" });
    const picture = read(svg);
    assert.equal(picture.lastFrame, "HOST  <b>&  failed\nnext");
    assert.equal(picture.title, "a < b");
  });
});

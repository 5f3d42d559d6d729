import fc from "fast-check";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { matchesWildcards } from "../../../provider/base/wildcard";
import {
  knownHostsName,
  matchesName,
  matchesPatternList,
  parseKnownHosts,
} from "../../../provider/ssh/host-keys/known-hosts";
import { knownHostsReader } from "../../../provider/ssh/host-keys/known-hosts-files";
import { sshContext } from "../../../provider/ssh/options";
import { bareOptions, testKey } from "../scripted-server";

const ed = testKey("one").publicText;
const ecdsa = testKey("two", "ecdsa").publicText;
const rsa = testKey("three", "rsa").publicText;
const folder = mkdtempSync(join(tmpdir(), "known-hosts-"));
after(() => rmSync(folder, { recursive: true }));

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

/** The numbers of the lines that apply to a host, according to our parser. */
function ours(text: string, name: string): number[] {
  const { entries } = parseKnownHosts(text, "f");
  return entries
    .filter((entry) => matchesName(entry, name))
    .map((entry) => Number(entry.place.slice("f:".length)));
}

/** The same according to the installed OpenSSH, which ignores the key without -l. */
function theirs(text: string, name: string): number[] {
  const file = join(folder, "known_hosts");
  writeFileSync(file, text);
  const { stdout } = spawnSync("ssh-keygen", ["-l", "-F", name, "-f", file], { encoding: "utf8" });
  return Array.from(stdout.matchAll(/^# Host .* found: line (\d+)/gmu), (found) => Number(found[1]));
}

describe("parseKnownHosts", () => {
  it("reads lines of every kind, with CRLF and without a final line break", () => {
    const text = [
      "# comment",
      "",
      `win-01,10.0.0.1 ${ed} the first one`,
      `  [win-02]:2222\t${rsa}`,
      `${hashed("win-03")} ${ecdsa}`,
      `@revoked * ${ed}`,
      `@cert-authority *.corp.example ${ed} ca`,
    ].join("\r\n");
    const { entries, warnings } = parseKnownHosts(text, "/etc/kh");
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      entries.map((entry) => [entry.place, entry.marker, entry.key.type]),
      [
        ["/etc/kh:3", undefined, "ssh-ed25519"],
        ["/etc/kh:4", undefined, "ssh-rsa"],
        ["/etc/kh:5", undefined, "ecdsa-sha2-nistp256"],
        ["/etc/kh:6", "revoked", "ssh-ed25519"],
        ["/etc/kh:7", "cert-authority", "ssh-ed25519"],
      ],
    );
  });

  it("skips invalid lines and reports where they are", () => {
    const [type, base64 = ""] = ed.split(" ");
    const bad = [
      "win-01",
      "win-01 ssh-ed25519",
      `win-01 ssh-rsa ${base64}`,
      `win-01 ${type} ${base64.slice(0, -8)}`,
      `win-01 ${type} !!!!`,
      `win-01 ssh-foo ${base64}`,
      `@trusted win-01 ${ed}`,
      `|1|short|x ${ed}`,
      `|2|x ${ed}`,
      "win-01 1024 65537 1234567890",
      "@revoked",
    ];
    const { entries, warnings } = parseKnownHosts([...bad, `good ${ed}`].join("\n"), "f");
    assert.deepEqual(
      entries.map((entry) => entry.place),
      [`f:${bad.length + 1}`],
    );
    assert.deepEqual(
      warnings.map((warning) => warning.split(" ")[0]),
      bad.map((_, index) => `f:${index + 1}:`),
    );
    assert.ok(warnings.every((warning) => !warning.includes(base64)));
  });

  it("never fails, whatever the text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseKnownHosts(text, "f")));
    const word = fc.oneof(fc.constantFrom("@revoked", "ssh-rsa", "|1|", "*", "\r", "\t", ed), fc.string());
    fc.assert(fc.property(fc.array(word), (words) => void parseKnownHosts(words.join(" "), "f")));
  });
});

describe("names", () => {
  it("are in lower case and contain a port other than 22", () => {
    assert.equal(knownHostsName("WIN-01.Corp.Example", 22), "win-01.corp.example");
    assert.equal(knownHostsName("WIN-01", 2222), "[win-01]:2222");
    assert.equal(knownHostsName("::1", 22), "::1");
    assert.equal(knownHostsName("::1", 2222), "[::1]:2222");
  });

  const rows: [list: string, name: string, matches: boolean][] = [
    ["a,b", "b", true],
    ["a,b", "c", false],
    ["*", "anything", true],
    ["*.example", "a.b.example", true],
    ["*.example", "example", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*.example,!x.example", "x.example", false],
    ["!x.example,*.example", "x.example", false],
    ["!x.example,*.example", "y.example", true],
    ["!x.example", "y.example", false],
    ["WIN-*", "win-01", true],
    ["[*]:2222", "[win-01]:2222", true],
    ["win-01", "[win-01]:2222", false],
    ["10.0.0.?", "10.0.0.7", true],
    ["", "", true],
    ["a,,b", "x", false],
    ["**a**", "bab", true],
  ];
  for (const [list, name, matches] of rows)
    it(`"${list}" ${matches ? "matches" : "does not match"} "${name}"`, () =>
      assert.equal(matchesPatternList(list, name), matches));

  it("match a pattern when text replaces its stars", () => {
    const letter = fc.constantFrom("a", "b", ".");
    const piece = fc.string({ unit: letter, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, piece), { minLength: 1, maxLength: 5 }), (pieces) => {
        const pattern = pieces.map(([fixed]) => fixed).join("*");
        const name = pieces.map(([fixed, wild], index) => (index === 0 ? fixed : wild + fixed)).join("");
        assert.ok(matchesWildcards(pattern, name));
      }),
    );
  });

  it("match quickly, even with a hostile pattern", () => {
    const start = performance.now();
    assert.equal(matchesWildcards("*a".repeat(200) + "b", "a".repeat(5000)), false);
    assert.ok(performance.now() - start < 1000);
  });

  it("match a hashed name for one host and port only", () => {
    for (const name of ["win-01", "[win-01]:2222"]) {
      assert.ok(matchesName({ names: hashed(name) }, name));
      assert.ok(!matchesName({ names: hashed(name) }, `${name}0`));
    }
  });
});

describe("agrees with ssh-keygen -F", () => {
  const host = fc.constantFrom("a", "b.c", "10.0.0.1", "x.b.c");
  const name = fc.oneof(
    host,
    fc.tuple(host, fc.constantFrom("22", "2222")).map(([address, port]) => `[${address}]:${port}`),
  );
  const pattern = fc
    .tuple(
      fc.constantFrom("", "", "", "!"),
      fc.oneof(name, fc.constantFrom("*", "*.c", "?", "[*]:2222", "10.*", "B.C")),
    )
    .map((parts) => parts.join(""));
  const names = fc.oneof(
    fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => list.join(",")),
    name.map(hashed),
  );
  const key = fc.constantFrom(
    ed,
    ecdsa,
    rsa,
    `${ed} comment with words`,
    "ssh-rsa AAAA",
    "ssh-foo AAAA",
    "",
    `ssh-rsa ${ed.split(" ")[1]!}`,
  );
  // There is no tab after a marker: OpenSSH skips such lines, but we honour them, since they may revoke a key.
  const marker = fc.constantFrom(
    "",
    "",
    "",
    "@revoked ",
    "@cert-authority  ",
    "@other ",
    "@revoked @cert-authority ",
  );
  const line = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom("", " ", "\t"), marker, names, fc.constantFrom(" ", "\t", "  "), key)
        .map((parts) => parts.join("")),
    },
    { weight: 1, arbitrary: fc.constantFrom("", "# comment", "  # x", "junk", "|1|x|y ssh-rsa AAAA", "\r") },
  );
  const file = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([lines, lineBreak, last]) => lines.join(lineBreak) + (last ? lineBreak : ""));

  it("on which lines apply to a host, in generated files", () => {
    fc.assert(
      fc.property(file, name, (text, asked) => {
        assert.deepEqual(ours(text, asked), theirs(text, asked));
      }),
      { numRuns: 150 },
    );
  });

  it("on files that ssh-keygen -H has hashed", () => {
    const path = join(folder, "hashed");
    writeFileSync(path, `win-01,10.0.0.1 ${ed}\n[win-01]:2222 ${rsa}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", path], { stdio: "ignore" });
    const text = execFileSync("cat", [path], { encoding: "utf8" });
    assert.match(text, /^\|1\|/u);
    assert.deepEqual(ours(text, "win-01"), [1]);
    assert.deepEqual(ours(text, "10.0.0.1"), [2]);
    assert.deepEqual(ours(text, "[win-01]:2222"), [3]);
  });
});

it("a known_hosts file that is a folder counts as unreadable, not as empty", async () => {
  const policy = { pinned: [], strict: "yes", knownHostsFiles: [tmpdir()] } as const;
  const [source] = await knownHostsReader(sshContext(bareOptions())).read(policy);
  assert.equal(source?.unreadable, true);
});

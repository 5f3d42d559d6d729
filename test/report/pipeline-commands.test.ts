import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { htmlReport } from "../../provider/report/html/page";
import { jsonReport, ndjsonReport } from "../../provider/report/json";
import { junitReport } from "../../provider/report/junit";
import { inertJson, inertText } from "../../provider/report/pipeline-commands";
import { holdsCommand, hostReport, pipelineCommand, report, session } from "./sample";

const commands = [
  "##vso[task.setvariable variable=x]y",
  "##[add-mask]y",
  "##[group]y",
  "##teamcity[buildStatus text='y']",
  "::add-mask::y",
  "::set-output name=x::y",
  "section_start:1560896352:name",
  "section_end:1560896352:name",
];

describe("text", () => {
  for (const command of commands) {
    it(`contains no ${command} at its start, indented or on a separate line`, () => {
      for (const before of ["", "  \t", "host answered\n", "host answered\r\n  "]) {
        assert.ok(holdsCommand(before + command), "holdsCommand does not recognize the command");
        assert.ok(!holdsCommand(inertText(before + command)));
      }
    });
  }

  it("contains no command in the middle of a line, where Azure Pipelines also finds them", () => {
    assert.equal(inertText("a ###vso[x]##[y]"), "a ###\u200bvso[x]##\u200b[y]");
  });

  it("keeps the first two characters of a command together", () => {
    assert.equal(inertText("::add-mask::x"), "::\u200badd-mask::x");
    assert.equal(inertText("section_start:1:a"), "se\u200bction_start:1:a");
  });

  it("is unchanged without a command, including IPv6 addresses and headings", () => {
    for (const plain of [
      "[fe80::1]:22  done",
      "## Heading",
      "C# [x]",
      "a::b",
      "intersection_start",
      "## [x]",
    ])
      assert.equal(inertText(plain), plain);
  });

  it("is unchanged when it is made inert again", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pipelineCommand, fc.string())), (parts) => {
        const once = inertText(parts.join(""));
        assert.equal(inertText(once), once);
        assert.ok(!holdsCommand(once));
      }),
    );
  });

  it("is made inert in linear time", () => {
    // In quadratic time this would exceed any timeout.
    for (const piece of ["#", "##a", ":", "::a", "a", " ", "\n", "section_"]) {
      for (const before of ["", "##", "::"]) {
        const text = before + piece.repeat(1_000_000);
        inertText(text);
        inertJson(text);
      }
    }
  });
});

describe("JSON", () => {
  it("contains no command and parses to the same value", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pipelineCommand, fc.string())), (parts) => {
        const value = { parts, joined: parts.join(" ") };
        for (const json of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
          assert.deepEqual(JSON.parse(inertJson(json)), value);
          assert.ok(!holdsCommand(inertJson(json)));
        }
      }),
    );
  });

  it("escapes hashes and colons as \\u0023 and \\u003a", () => {
    assert.equal(inertJson('"##vso[a.b]c"'), '"\\u0023#vso[a.b]c"');
    assert.equal(inertJson('"::add-mask::c"'), '"\\u003a:add-mask::c"');
    assert.equal(inertJson('["fe80::1","fe80::2"]'), '["fe80::1","fe80::2"]');
  });
});

describe("a report of a host that prints commands", () => {
  const context = { dryRun: false, exitStatus: 1 };
  const hosts = commands.map((text) =>
    hostReport({
      status: "failed",
      error: { code: "command-failed", message: text },
      warnings: [text],
      notFound: [text],
      commands: [text],
      sessions: [
        { session: session({ user: text, name: text, stateText: text }), outcome: "logged-off" },
        { session: session({ user: text }), outcome: "failed", code: "command-failed", message: text },
      ],
    }),
  );
  const hostile = report(hosts, { warnings: commands });
  const written: Readonly<Record<string, string>> = {
    JSON: jsonReport(hostile, context),
    ndjson: ndjsonReport(hostile, context),
    JUnit: junitReport(hostile),
    HTML: htmlReport(hostile, context),
  };
  for (const [form, text] of Object.entries(written)) {
    it(`contains none as ${form}`, () => {
      const line = text.split("\n").find(holdsCommand);
      assert.equal(line, undefined);
    });
  }

  it("preserves names in JSON", () => {
    const { hosts: read } = JSON.parse(written["JSON"] ?? "") as {
      hosts: { error: { message: string }; sessions: { user: string }[] }[];
    };
    assert.deepEqual(
      read.map(({ sessions }) => sessions[0]?.user),
      commands,
    );
    assert.deepEqual(
      read.map(({ error }) => error.message),
      commands,
    );
  });
});

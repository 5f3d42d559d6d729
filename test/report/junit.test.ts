import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SaxesParser } from "saxes";
import { junitReport } from "../../provider/report/junit";
import { escapeXml } from "../../provider/report/xml";
import { anyReport, anyText, hostReport, illegalInXml, report, session } from "./sample";

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Returns all elements of a document. Throws if it is not well-formed XML 1.0. */
function tagsOf(xml: string): readonly Tag[] {
  const tags: Tag[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => tags.push({ name, attributes: attributes }));
  parser.write(xml).close();
  return tags;
}

const mixed = report([
  hostReport({
    warnings: ["host key not checked"],
    sessions: [
      { session: session(), outcome: "logged-off" },
      { session: session({ id: "3", user: "bob" }), outcome: "kept", reason: "excepted" },
    ],
  }),
  hostReport({
    host: "rdsh02:22",
    status: "failed",
    error: { code: "session-stuck", message: 'Cannot log off session "4" <now>' },
    sessions: [
      {
        session: session({ id: "4" }),
        outcome: "still-present",
        code: "session-stuck",
        message: "still there",
      },
      {
        session: session({ id: "5" }),
        outcome: "still-present",
        code: "session-stuck",
        message: "x",
        tolerated: true,
      },
    ],
  }),
  hostReport({
    host: "rdsh03:22",
    status: "skipped",
    error: { code: "budget-exceeded", message: "stopped" },
    durationMs: 0,
  }),
]);

describe("the JUnit report", () => {
  it("has a suite for each host and a test for each selected session", () => {
    const tags = tagsOf(junitReport(mixed));
    assert.deepEqual(
      tags.filter(({ name }) => name === "testsuite").map(({ attributes }) => attributes["name"]),
      ["rdsh01:22", "rdsh02:22", "rdsh03:22"],
    );
    assert.deepEqual(
      tags.filter(({ name }) => name === "testcase").map(({ attributes }) => attributes["name"]),
      [
        "host",
        "session 2 (alice, rdp-tcp#0): logged off",
        "host",
        "session 4 (alice, rdp-tcp#0): still present",
        "session 5 (alice, rdp-tcp#0): still present, tolerated",
        "host",
      ],
    );
  });

  it("counts its tests, failures and skipped tests", () => {
    const tags = tagsOf(junitReport(mixed));
    const [root] = tags;
    const count = (wanted: string): number => tags.filter(({ name }) => name === wanted).length;
    assert.equal(root?.name, "testsuites");
    assert.equal(Number(root.attributes["tests"]), count("testcase"));
    assert.equal(Number(root.attributes["failures"]), count("failure"));
    assert.equal(Number(root.attributes["skipped"]), count("skipped"));
    assert.equal(count("failure"), 2);
    assert.equal(count("skipped"), 2);
    assert.equal(root.attributes["time"], "12.500");
  });

  it("includes the code and the message of a failure", () => {
    const failure = tagsOf(junitReport(mixed)).find(({ name }) => name === "failure");
    assert.deepEqual(
      { ...failure?.attributes },
      {
        type: "session-stuck",
        message: 'Cannot log off session "4" <now>',
      },
    );
  });

  it("is well-formed for every report", () => {
    fc.assert(fc.property(anyReport, (any) => void tagsOf(junitReport(any))));
  });

  it("preserves every character that XML allows", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [tag] = tagsOf(`<a b="${escapeXml(text)}"/>`);
        const legal = text.replace(illegalInXml, "\ufffd");
        assert.equal(tag?.attributes["b"], legal);
      }),
    );
  });
});

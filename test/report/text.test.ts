import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { displayWidth } from "../../provider/base/text";
import { eventText } from "../../provider/report/event-text";
import type { HostReport } from "../../provider/report/report";
import { textTable } from "../../provider/report/table";
import { dryRunText, listText, runText } from "../../provider/report/text";
import { anyReport, anyText, hostReport, manyHosts, report, session, terminalControls } from "./sample";

const plain = { paint: (text: string) => text };
const failed = hostReport({
  host: "rdsh02:22",
  platform: null,
  status: "failed",
  error: { code: "auth-rejected", message: 'Cannot log in to "rdsh02:22"' },
});

describe("a table", () => {
  it("aligns its columns and omits empty columns", () => {
    const rows = [
      [{ text: "a" }, { text: "" }, { text: "1" }],
      [{ text: "longer" }, { text: "" }, { text: "2" }],
    ];
    assert.equal(textTable(["X", "NONE", "N"], rows, plain), "X       N\na       1\nlonger  2\n");
  });

  it("truncates the widest column until it fits", () => {
    const rows = [[{ text: "a".repeat(40) }, { text: "b".repeat(10) }]];
    const lines = textTable(["A", "B"], rows, { ...plain, columns: 30 }).split("\n");
    assert.equal(lines[1], `${"a".repeat(17)}…  ${"b".repeat(10)}`);
    assert.equal(textTable(["A", "B"], rows, plain).split("\n")[1]?.length, 52);
  });

  it("is never wider than a terminal of at least 30 columns", () => {
    const table = fc.array(fc.tuple(anyText, anyText, anyText), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, fc.integer({ min: 30, max: 120 }), (texts, columns) => {
        const rows = texts.map((row) => row.map((text) => ({ text })));
        for (const line of textTable(["ONE", "TWO", "THREE"], rows, { ...plain, columns }).split("\n"))
          assert.ok(displayWidth(line) <= columns, line);
      }),
    );
  });

  it("measures text in the columns of a terminal", () => {
    assert.equal(displayWidth("alice"), 5);
    assert.equal(displayWidth("山田"), 4);
    assert.equal(displayWidth("Jürgen"), 6);
    assert.equal(displayWidth("e\u0301"), 1);
  });

  it("colors cells after aligning them", () => {
    const text = textTable(["S", "X"], [[{ text: "ok", tone: "good" }, { text: "y" }]], {
      paint: (cell, tone) => (tone === "good" ? `<${cell}>` : cell),
    });
    assert.equal(text, "S   X\n<ok>  y\n");
  });
});

describe("the result as text", () => {
  it("of a run lists sessions, hosts that are not done, and totals", () => {
    const done = hostReport({
      sessions: [
        { session: session(), outcome: "logged-off" },
        { session: session({ id: "3", user: "svc-x" }), outcome: "kept", reason: "excepted" },
      ],
    });
    assert.equal(
      runText(report([done, failed]), plain),
      `HOST       ID  USER   NAME       STATE   OUTCOME
rdsh01:22  2   alice  rdp-tcp#0  active  logged off
rdsh01:22  3   svc-x  rdp-tcp#0  active  kept: excepted

rdsh02:22  failed: auth-rejected
  Cannot log in to "rdsh02:22"

1 session logged off on 2 hosts, 1 host failed
`,
    );
  });

  it("of a run lists a shared error once, with its first host and the number of hosts", () => {
    const lost = (host: string): HostReport =>
      hostReport({ host, status: "failed", error: { code: "host-unreachable", message: `Lost "${host}"` } });
    const some = report([lost("h1:22"), failed, lost("h2:22"), lost("h3:22")]);
    assert.equal(
      runText(some, plain),
      `h1:22 and 2 more hosts  failed: host-unreachable
  Lost "h1:22"
  also h2:22, h3:22
rdsh02:22  failed: auth-rejected
  Cannot log in to "rdsh02:22"

0 sessions logged off on 4 hosts, 4 hosts failed
`,
    );
    const thousand = report(Array.from({ length: 1000 }, (_, index) => lost(`h${index}:22`)));
    for (const write of [runText, dryRunText, listText]) {
      const lines = write(thousand, plain).split("\n");
      assert.deepEqual(lines.slice(0, 2), [
        "h0:22 and 999 more hosts  failed: host-unreachable",
        '  Lost "h0:22"',
      ]);
      assert.match(lines[2] ?? "", /^ {2}also h1:22, h2:22, .*, h19:22 and 980 more$/u);
      assert.equal(lines.length, 6);
    }
  });

  it("of a run lists fifty errors, and counts the hosts with other errors", () => {
    const own = Array.from({ length: 60 }, (_, index) =>
      hostReport({
        host: `h${index}:22`,
        status: "failed",
        error: { code: "host-key-unknown", message: `its key is key-${index}` },
      }),
    );
    const lines = runText(report(own), plain).split("\n");
    assert.equal(lines[98], "h49:22  failed: host-key-unknown");
    assert.equal(lines[100], "10 more hosts with other errors: --report and --output json list them all");
  });

  it("of a large run omits the sessions", () => {
    const text = runText(manyHosts(1000), plain);
    assert.doesNotMatch(text, /OUTCOME/u);
    assert.match(text, /2000 sessions logged off on 1000 hosts, 100 hosts failed\n$/u);
  });

  it("of a list shows the sessions", () => {
    const text = listText(
      report([
        hostReport({
          sessions: [
            { session: session({ idleMs: 5_400_000, logonTime: "1/2/2026 8:00 AM" }), outcome: "listed" },
          ],
        }),
      ]),
      plain,
    );
    assert.equal(
      text,
      `HOST       ID  USER   NAME       STATE   IDLE   LOGON TIME
rdsh01:22  2   alice  rdp-tcp#0  active  1h30m  1/2/2026 8:00 AM

1 user session on 1 host
`,
    );
  });

  it("of a dry run includes the commands", () => {
    const text = dryRunText(
      report([
        hostReport({
          commands: ["logoff.exe 2"],
          sessions: [{ session: session(), outcome: "would-log-off" }],
        }),
      ]),
      plain,
    );
    assert.match(text, /alice .* would be logged off/u);
    assert.match(text, /Commands:\nrdsh01:22\n {2}logoff\.exe 2\n/u);
    assert.match(text, /1 session would be logged off on 1 host; nothing was changed/u);
  });

  it("contains no control characters from hosts", () => {
    fc.assert(
      fc.property(anyReport, (any) => {
        for (const write of [runText, dryRunText, listText])
          assert.doesNotMatch(write(any, plain), terminalControls);
      }),
    );
  });
});

describe("the text of an event", () => {
  it("names the user", () => {
    const host = "h:22";
    assert.equal(eventText({ type: "session-gone", host, session: session() }), "2 (alice) is gone");
    assert.equal(
      eventText({
        type: "session-warned",
        host,
        session: session(),
        delivered: false,
        remainingMs: 300_000,
      }),
      "could not warn 2 (alice), 5m to go",
    );
    assert.equal(
      eventText({ type: "warning-withdrawn", host, session: session() }),
      "telling 2 (alice) that the logoff is cancelled",
    );
    assert.equal(eventText({ type: "host-finished", host, report: failed }), "failed: auth-rejected");
    assert.equal(eventText({ type: "run-started", hosts: 1 }), undefined);
    const many = Array.from({ length: 7 }, (_, id) => session({ id: String(id) }));
    assert.match(eventText({ type: "host-waiting", host, sessions: many }) ?? "", /and 2 more to end$/u);
  });
});

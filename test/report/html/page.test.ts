import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pageScript, pageStyle } from "../../../provider/report/html/assets";
import { htmlReport } from "../../../provider/report/html/page";
import { timelineBar, timelineScale } from "../../../provider/report/html/timeline";
import { escapeXml } from "../../../provider/report/xml";
import { anyReport, hostReport, manyHosts, report, session } from "../sample";

const failed = hostReport({
  host: "rdsh02:22",
  status: "failed",
  error: { code: "session-stuck", message: 'Cannot log off session "4"' },
  sessions: [
    { session: session({ id: "4" }), outcome: "still-present", code: "session-stuck", message: "busy" },
    { session: session({ id: "5", user: "svc-x" }), outcome: "kept", reason: "excepted" },
  ],
});
const page = htmlReport(report([hostReport(), failed], { warnings: ["mind the gap"] }));

/** The page without its style and script. */
function contentOf(html: string): string {
  return html.replace(pageStyle, "").replace(pageScript, "");
}

describe("the HTML report", () => {
  it("is a single file that loads no other", () => {
    assert.doesNotMatch(page, /https?:|url\(|@import|<link|<img|src=/u);
    assert.match(page, /Content-Security-Policy" content="default-src 'none'/u);
  });

  it("states the outcome in its title and totals", () => {
    assert.match(page, /<title>session-logoff: 1 of 2 hosts not done<\/title>/u);
    assert.match(page, /<dt>still present<\/dt><dd>1<\/dd>/u);
    assert.match(page, /mind the gap/u);
    assert.match(htmlReport(report([hostReport()])), /<title>session-logoff: done<\/title>/u);
  });

  it("states in its title that a dry run changed nothing", () => {
    const dryRun = htmlReport(report([hostReport()]), { dryRun: true });
    assert.match(dryRun, /<title>session-logoff: dry run, nothing was changed<\/title>/u);
    assert.match(dryRun, /<h1>session-logoff: dry run, nothing was changed<\/h1>/u);
    const partlyFailed = htmlReport(report([hostReport(), failed]), { dryRun: true });
    assert.match(
      partlyFailed,
      /<h1>session-logoff: dry run, nothing was changed; 1 of 2 hosts not done<\/h1>/u,
    );
  });

  it("lists the remaining sessions and the reasons", () => {
    assert.match(page, /Not done, and why.*failed: session-stuck.*rdsh02:22/su);
    assert.match(page, /still present.*busy/su);
    assert.match(page, /kept: excepted/u);
  });

  it("lists a shared error once, with the number of hosts", () => {
    const hosts = Array.from({ length: 30 }, (_, index) =>
      hostReport({
        host: `h${index}:22`,
        status: "failed",
        error: { code: "host-unreachable", message: `Lost "h${index}:22"` },
      }),
    );
    const [summary = ""] = /<section>.*?<\/section>/su.exec(htmlReport(report(hosts))) ?? [];
    assert.equal(summary.match(/<li>/gu)?.length, 1);
    assert.match(
      summary,
      /failed: host-unreachable<\/b>, 30 hosts: .* and 10 more<br><bdi>Lost &quot;h0:22&quot;/u,
    );
    assert.equal(summary.match(/Lost/gu)?.length, 1);
  });

  it("supports phones, screen readers and both color schemes", () => {
    assert.match(page, /<html lang="en">/u);
    assert.match(page, /name="viewport"/u);
    assert.match(page, /name="color-scheme" content="light dark"/u);
    assert.match(pageStyle, /prefers-color-scheme: dark/u);
    assert.match(page, /<th scope="col">/u);
    assert.match(page, /role="img" aria-label="took 812 ms"/u);
  });

  it("filters by status without a script", () => {
    for (const status of ["all", "failed", "skipped", "ok"])
      assert.match(page, new RegExp(`<input type="radio" name="status" id="only-${status}"`, "u"));
    assert.match(pageStyle, /main:has\(#only-failed:checked\) \.host:not\(\.failed\)/u);
  });

  for (const [drained, words] of [
    ["no", "<p>windows</p>"],
    ["until-restart", "<p>windows; refuses new logons until it restarts</p>"],
    ["until-destroy", "<p>windows; refuses new logons until it is undrained</p>"],
    ["undrained", "<p>windows; accepts new logons again</p>"],
    ["already", "<p>windows; refused new logons before the run</p>"],
  ] as const)
    it(`says whether a host takes new logons: ${drained}`, () => {
      const html = htmlReport(report([hostReport({ drained })]));
      assert.ok(html.includes(words), words);
    });

  it("escapes all text from hosts", () => {
    fc.assert(
      fc.property(anyReport, (any) => {
        const html = contentOf(htmlReport(any));
        assert.equal(html.match(/<script/gu)?.length, 1);
        assert.doesNotMatch(html, /<(?:img|svg|iframe|!--)/u);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(html, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/u);
        for (const host of any.hosts) {
          assert.ok(html.includes(escapeXml(host.host)));
          for (const warning of host.warnings) assert.ok(html.includes(escapeXml(warning)));
        }
      }),
    );
  });

  it("links to hosts whose names contain special characters", () => {
    const html = htmlReport(report([hostReport({ ...failed, host: "[fe80::1%eth0]:22>rds'x" })]));
    const id = /<details class="host failed" id="([^"]+)"/u.exec(html)?.[1];
    assert.equal(id, "host-1");
    assert.ok(html.includes(`href="#${id}"`));
  });

  it("grows linearly with the number of hosts", () => {
    const [small, large] = [1000, 10_000].map((count) => {
      const all = manyHosts(count);
      const { length } = htmlReport(all);
      const before = process.cpuUsage();
      htmlReport(all);
      const { user, system } = process.cpuUsage(before);
      return { length, cost: user + system };
    });
    assert.ok(large!.length < 12_000_000, String(large!.length));
    assert.ok(large!.length / small!.length < 10.5);
    // Nested loops over the hosts would take a hundred times as long.
    assert.ok(large!.cost / small!.cost < 45, `${large!.cost} and ${small!.cost} microseconds`);
  });

  it("names only the first of many hosts with the same failure", () => {
    assert.match(htmlReport(manyHosts(1000)), /failed: session-stuck<\/b>, 100 hosts: .* and 80 more/u);
  });
});

describe("a timeline", () => {
  it("shows known phases", () => {
    const host = {
      ...hostReport({ durationMs: 10_000 }),
      phases: [
        { phase: "waited", fromMs: 0, toMs: 5000 },
        { phase: "warned", fromMs: 5000, toMs: 10_000 },
      ] as const,
    };
    const bar = timelineBar(host, timelineScale([host]));
    assert.match(bar, /class="waited" style="left:0\.00%;width:50\.00%"/u);
    assert.match(bar, /aria-label="waited for its turn 5\.0 s, grace period 5\.0 s"/u);
  });

  for (const [ms, words] of [
    [999.6, "1.0 s"],
    [59_940, "59.9 s"],
    [59_960, "1 min 0 s"],
    [119_600, "2 min 0 s"],
    [3_599_999, "60 min 0 s"],
  ] as const) {
    it(`shows ${ms} ms as ${words}`, () => {
      const bar = timelineBar(hostReport({ durationMs: ms }), ms);
      assert.equal(/class="took">([^<]*)</u.exec(bar)?.[1], words);
    });
  }

  it("is omitted for a host that was never contacted", () => {
    assert.equal(timelineBar(hostReport({ durationMs: 0 }), 1000), "");
  });
});

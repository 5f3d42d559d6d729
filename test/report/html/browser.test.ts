import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { htmlReport } from "../../../provider/report/html/page";
import type { Report } from "../../../provider/report/report";
import { hostReport, manyHosts, report, session } from "../sample";

const browser = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);
const skip = browser === undefined ? "needs Chromium: apt-get install chromium" : false;
const folder = mkdtempSync(join(tmpdir(), "html-report-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The document after its script has run, as the browser prints it. */
function domOf(of: Report, hash = ""): Promise<string> {
  const path = join(folder, `${Math.random()}.html`);
  writeFileSync(path, htmlReport(of));
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    `--user-data-dir=${join(folder, "profile")}`,
    "--virtual-time-budget=10000",
    "--dump-dom",
    `file://${path}${hash}`,
  ];
  return new Promise((resolve, reject) => {
    execFile(browser ?? "", args, { maxBuffer: 100_000_000, timeout: 300_000 }, (error, stdout) => {
      if (error instanceof Error) reject(error);
      else resolve(stdout);
    });
  });
}

describe("the HTML report in a browser", { skip }, () => {
  it("runs its script and opens the host of a link", async () => {
    const dom = await domOf(manyHosts(10), "#host-10");
    assert.match(dom, /aria-live="polite">10 of 10 hosts shown</u);
    assert.match(dom, /<p class="search"><label>/u);
    assert.match(dom, /<details class="host failed" id="host-10" open="">/u);
  });

  it("displays ten thousand hosts", async () => {
    const dom = await domOf(manyHosts(10_000));
    assert.match(dom, />10000 of 10000 hosts shown</u);
  });

  it("runs no code from names", async () => {
    const evil = [
      "</title></script><script>document.title='hacked'</script>",
      `"><img src=x onerror="document.title='hacked'">`,
      `' onmouseover='document.title="hacked"`,
      "<svg/onload=document.title='hacked'>",
    ];
    const dom = await domOf(
      report(
        evil.map((text) =>
          hostReport({
            host: text,
            status: "failed",
            error: { code: "command-failed", message: text },
            warnings: [text],
            commands: [text],
            notFound: [text],
            sessions: [
              {
                session: session({ user: text, name: text }),
                outcome: "failed",
                code: "command-failed",
                message: text,
              },
            ],
          }),
        ),
        { warnings: evil },
      ),
    );
    assert.match(dom, /<title>session-logoff: 4 of 4 hosts not done<\/title>/u);
    assert.equal(dom.match(/<(?:script|img|svg)/gu)?.length, 1);
  });
});

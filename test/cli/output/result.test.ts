import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { warningLines } from "../../../provider/cli/output/result";
import { hostReport, report } from "../../report/sample";

describe("the warnings of a run", () => {
  const old = "legacy algorithms are offered";

  it("are each printed once, however many hosts have them", () => {
    const hosts = [
      hostReport({ host: "a:22", warnings: [old, "its own", old] }),
      hostReport({ host: "b:22", warnings: [old] }),
      hostReport({ host: "c:22", warnings: [old, "another"] }),
    ];
    assert.deepEqual(warningLines({ ...report(hosts), warnings: ["of the run", "of the run"] }), [
      "of the run",
      `a:22 and 2 more hosts: ${old}`,
      "a:22: its own",
      "c:22: another",
    ]);
    assert.deepEqual(warningLines(report(hosts.slice(0, 2)))[0], `a:22 and 1 more host: ${old}`);
  });

  it("are limited, and say where the others are", () => {
    const hosts = Array.from({ length: 60 }, (_, index) =>
      hostReport({ host: `h${index}:22`, warnings: [`its own ${index}`] }),
    );
    const lines = warningLines(report(hosts));
    assert.equal(lines.length, 51);
    assert.equal(lines[50], "10 more: --report and --output json have all of them");
  });
});

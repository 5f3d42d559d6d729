import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { limitOfReport, readOpenFiles } from "../../provider/files/open-files";

const skip = process.platform === "win32" ? "Windows has no limit of open files" : false;

/** What the two ways to learn the limit say in a process with these limits. */
function limitsUnder(limits: string): unknown {
  const module = JSON.stringify(join(__dirname, "../../provider/files/open-files.ts"));
  const script = `const { limitOfReport, readOpenFiles } = require(${module});
    const { limit, others } = readOpenFiles();
    process.stdout.write(JSON.stringify([limit, limitOfReport(), others > 32 && others < limit]));`;
  const argv = ["-c", `${limits}; exec "$@"`, "sh", process.execPath, "--import", "tsx", "-e", script];
  return JSON.parse(execFileSync("/bin/sh", argv, { encoding: "utf8", cwd: join(__dirname, "../..") }));
}

describe("the limit of open files", { skip }, () => {
  it("is the one that the process was given", () => {
    assert.deepEqual(limitsUnder("ulimit -n 150"), [150, 150, true]);
  });

  it("is the hard one, since Node raises the soft one when it starts", () => {
    assert.deepEqual(limitsUnder("ulimit -Sn 150; ulimit -Hn 300"), [300, 300, true]);
  });

  it("is the same in a diagnostic report, where there is no /proc", () => {
    assert.equal(readOpenFiles("darwin").limit, readOpenFiles().limit);
    assert.equal(limitOfReport(), readOpenFiles().limit);
  });
});

describe("Windows", () => {
  it("has no limit of open files", () => {
    assert.deepEqual(readOpenFiles("win32"), { limit: Infinity, others: 0 });
  });
});

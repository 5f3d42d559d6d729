import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import { createJournalFile, openJournalFile } from "../../provider/files/journal-file";

describe("a journal file", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "journal-file-"));
    path = join(folder, "journal");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refused = (pattern: RegExp) => (thrown: unknown) => {
    assert.ok(thrown instanceof LogoffError);
    assert.equal(thrown.code, "journal-failed");
    assert.match(thrown.message, pattern);
    return true;
  };

  it("has every line on the disk, in order, when its write resolves", async () => {
    const file = await createJournalFile(path);
    const lines = Array.from({ length: 200 }, (_, index) => ({ index }));
    await Promise.all(lines.map((line) => file.write(line)));
    const text = readFileSync(path, "utf8");
    assert.deepEqual(
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
      lines,
    );
    await file.close();
  });

  it("can be read by its owner only", { skip: process.platform === "win32" }, async () => {
    const file = await createJournalFile(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await file.close();
  });

  it("is not created over a file that exists, which stays as it is", async () => {
    writeFileSync(path, "mine");
    await assert.rejects(createJournalFile(path), refused(/it exists already$/));
    assert.equal(readFileSync(path, "utf8"), "mine");
    assert.ok(!existsSync(`${path}.lock`));
  });

  it("is locked while it is open, and not afterwards", async () => {
    const file = await createJournalFile(path);
    await assert.rejects(openJournalFile(path), refused(/process \d+ uses it$/));
    await file.close();
    const { file: again } = await openJournalFile(path);
    await again.close();
    assert.ok(!existsSync(`${path}.lock`));
  });

  it("is locked under each of its names", async () => {
    const file = await createJournalFile(path);
    symlinkSync(path, `${path}.link`);
    await assert.rejects(openJournalFile(`${path}.link`), refused(/process \d+ uses it$/));
    await file.close();
  });

  it("stays locked by another process when it is closed a second time", async () => {
    const file = await createJournalFile(path);
    await file.close();
    const { file: again } = await openJournalFile(path);
    await file.close();
    await assert.rejects(openJournalFile(path), refused(/process \d+ uses it$/));
    await again.close();
  });

  it("goes on behind the last whole line, and cuts off a torn one", async () => {
    writeFileSync(path, '{"a":1}\n{"b":2}\n{"c":');
    const { lines, file } = await openJournalFile(path);
    assert.deepEqual(lines, [{ a: 1 }, { b: 2 }]);
    await file.write({ d: 4 });
    await file.close();
    assert.equal(readFileSync(path, "utf8"), '{"a":1}\n{"b":2}\n{"d":4}\n');
  });

  it("is refused if a line in the middle is damaged", async () => {
    writeFileSync(path, '{"a":1}\n{"b\n{"c":3}\n');
    await assert.rejects(openJournalFile(path), refused(/line 2 is not JSON$/));
    assert.ok(!existsSync(`${path}.lock`));
  });

  it("is refused if it cannot be read", async () => {
    await assert.rejects(openJournalFile(path), refused(/no such file or folder$/));
  });

  it("takes no line after it was removed, also not the next", async () => {
    const file = await createJournalFile(path);
    await file.write({ a: 1 });
    rmSync(path);
    await assert.rejects(file.write({ b: 2 }), refused(/it was removed$/));
    await assert.rejects(file.write({ c: 3 }), refused(/it was removed$/));
    await file.close();
  });

  it("is refused if it is a device", { skip: !existsSync("/dev/zero") && "needs /dev/zero" }, async () => {
    symlinkSync("/dev/zero", path);
    await assert.rejects(openJournalFile(path), refused(/it is not a regular file$/));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAnswer } from "../../../provider/backend/linux/answers";
import { linuxBackend } from "../../../provider/backend/linux/backend";
import { ancestorsOf, readGroups, readProcesses } from "../../../provider/backend/linux/processes";
import { readSessions } from "../../../provider/backend/linux/sessions";
import { LogoffError } from "../../../provider/base/errors";
import { answer, changed, recordedSession, type Parts } from "./answer";

/** Processor time in microseconds, the minimum of a few tries, so that other load on the machine does not count. */
function costOf(work: () => void): number {
  const tries = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...tries);
}

/** Ten times the input must take about ten times as long; nested loops would take a hundred times as long. */
function growsLinearly(prepare: (size: number) => () => void, size: number): void {
  const [small, large] = [prepare(size), prepare(10 * size)];
  const ratio = costOf(large) / Math.max(costOf(small), 500);
  assert.ok(ratio < 45, `ten times the input took ${ratio.toFixed(1)} times as long`);
}

function ignoringErrors(work: () => unknown): () => void {
  return () => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof LogoffError, String(error));
    }
  };
}

const target = { label: "jump-01", local: true };
const read = (text: string | Uint8Array, stderr = ""): (() => void) => {
  const [stdout, complaint] = [Buffer.from(text), Buffer.from(stderr)];
  return ignoringErrors(() => readSessions(target, { code: 0, stdout, stderr: complaint }));
};
const chain = (size: number): readonly string[] =>
  Array.from({ length: size }, (_, index) => `${index + 2} ${index + 1} ?`);

describe("reading the output of a Linux host takes linear time", () => {
  it("for a chain of processes", () => {
    growsLinearly((size) => {
      const lines = chain(size);
      return () => {
        const processes = readProcesses(lines);
        assert.equal(processes.nearestTerminal.get(2), undefined);
        assert.equal(ancestorsOf(size, processes).size, size - 2);
      };
    }, 20_000);
  });

  it("for a process with many children, the last of which has a terminal", () => {
    growsLinearly((size) => {
      const lines = Array.from(
        { length: size },
        (_, index) => `${index + 2} 1 ${index + 1 < size ? "?" : "pts/3"}`,
      );
      return () => assert.equal(readProcesses(["1 0 ?", ...lines]).nearestTerminal.get(1), "pts/3");
    }, 20_000);
  });

  it("for many sessions whose leaders form a chain of processes", () => {
    const ssh = recordedSession("elogind-246-ssh-without-a-terminal");
    growsLinearly((size) => {
      const shown = Array.from({ length: size / 10 }, (_, index): Parts["shown"][number] => [
        `${index}`,
        changed(ssh, { Id: `${index}`, Leader: `${index + 2}` }),
      ]);
      return read(answer({ shown, processes: chain(size) }));
    }, 1000);
  });

  it("for many sessions", () => {
    const ssh = recordedSession("elogind-246-ssh-without-a-terminal");
    growsLinearly(
      (size) =>
        read(
          answer({
            shown: Array.from({ length: size }, (_, index) => [
              `${index}`,
              changed(ssh, { Id: `${index}`, Leader: `${index + 2}` }),
            ]),
            processes: Array.from({ length: size }, (_, index) => `${index + 2} 1 ?`),
          }),
        ),
      100,
    );
  });

  it("for many control groups", () => {
    growsLinearly((size) => {
      const lines = Array.from({ length: size }, (_, index) => `      1 0::/${index}`);
      return () => assert.equal(readGroups(lines).size, size);
    }, 20_000);
  });

  const noises: Readonly<Record<string, string>> = {
    "line separators": "\u2028",
    "line breaks": "\n",
    blanks: " ",
    digits: "1",
    "carriage returns": "\r",
    "begin marks": "\n@begin\n",
    "end marks": "\n@complete 1 1",
    "sessions without an end": "\n@session 1",
    "error messages": "No session '1",
    "sudo messages": "sudo: ",
  };
  for (const [what, noise] of Object.entries(noises)) {
    it(`for ${what}`, () => {
      const host = linuxBackend(target);
      growsLinearly((size) => {
        const text = noise.repeat(size);
        const result = { code: 1, stdout: Buffer.from(text), stderr: Buffer.from(text) };
        const works = [
          read(text),
          read(`\n@begin\n${text}\n@complete 1 1\n`),
          read(answer({ shown: [["1", [text]]] })),
          read(answer({ shown: [], processes: [text] })),
          read(answer({ shown: [], groups: [text] })),
          ignoringErrors(() => readSessions(target, result)),
          () => readAnswer(result),
          ignoringErrors(() => host.drainMode().parse([result])),
          ignoringErrors(() => host.undrain().parse(result)),
        ];
        return () => works.forEach((work) => work());
      }, 3000);
    });
  }
});

describe("a Linux host that prints too much", () => {
  it("is refused", () => {
    const lines = changed(recordedSession("xrdp"), { Display: "x".repeat(300_000) });
    const stdout = Buffer.from(answer({ shown: [["c7", lines]] }));
    assert.throws(
      () => readSessions(target, { code: 0, stdout, stderr: new Uint8Array() }),
      (error) => error instanceof LogoffError && error.code === "output-unrecognised",
    );
  });
});

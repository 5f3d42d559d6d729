import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { readSessions } from "../../../provider/backend/linux/sessions";
import { LogoffError } from "../../../provider/base/errors";
import type { SessionList } from "../../../provider/session/session";
import { answer, changed, recordedSession, recordedSessions, type Parts } from "./answer";

/** Set `SESSION_LOGOFF_DAMAGES=20000` for a long run and `SESSION_LOGOFF_SEED` to repeat one. */
const numRuns = Number(process.env["SESSION_LOGOFF_DAMAGES"] ?? 500);
const seed = Number(process.env["SESSION_LOGOFF_SEED"] ?? Date.now() % 2 ** 31);

const xrdp = recordedSession("xrdp");

/** The undamaged answer of a host with a few people. */
const host: fc.Arbitrary<Parts> = fc
  .record({
    sessions: fc.array(
      fc.record({
        lines: fc.constantFrom(...recordedSessions()),
        name: fc.constantFrom("alice", "bob", "CORP\\carol", "müller", "svc-sql"),
        Class: fc.constantFrom("user", "user", "user-early", "background", "greeter"),
        State: fc.constantFrom("active", "active", "online", "closing"),
        outcome: fc.constantFrom("shown" as const, "shown" as const, "shown" as const, "ended" as const),
        isLate: fc.boolean(),
        hasTerminal: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    hasVariable: fc.boolean(),
    leftovers: fc.nat(3),
  })
  .map(({ sessions, hasVariable, leftovers }) => {
    const blocks = sessions.map(({ lines, name, Class, State, outcome, isLate, hasTerminal }, index) => {
      const id = String(10 + index);
      const leader = 1000 + 10 * index;
      const properties = changed(lines, { Id: id, Name: name, Class, State, Leader: String(leader) });
      const shown = outcome === "shown" ? properties : [`Failed to get session: No session '${id}' known`];
      const processes = [
        `${String(leader).padStart(7)}       1 ?`,
        `${String(leader + 1).padStart(7)} ${String(leader).padStart(7)} ${hasTerminal ? `pts/${index}` : "?"}`,
      ];
      return { block: [id, shown, outcome] as const, isLate, processes };
    });
    const ours: Parts["shown"][number] = ["7", changed(xrdp, { Id: "7", Name: "root", Leader: "40" })];
    const some = (late: boolean): Parts["shown"] =>
      blocks.filter(({ isLate }) => isLate === late).map(({ block }) => block);
    return {
      shown: [ours, ...some(false)],
      more: some(true),
      own: hasVariable ? "7" : "",
      selfGroups: ["11:name=elogind:/7"],
      groups: Array.from(
        { length: leftovers },
        (_, index) => `      ${index + 1} 11:name=elogind:/${index + 90}`,
      ),
      processes: ["      1       0 ?", "     40       1 ?", ...blocks.flatMap(({ processes }) => processes)],
    };
  });

type Damage = (text: string, at: number, much: number) => string;

/** Applies a change to one line. */
const toLine =
  (change: (lines: string[], index: number, much: number) => void): Damage =>
  (text, at, much) => {
    const lines = text.split("\n");
    change(lines, at % lines.length, much);
    return lines.join("\n");
  };
const into =
  (inserted: (much: number) => string): Damage =>
  (text, at, much) =>
    text.slice(0, at % text.length) + inserted(much) + text.slice(at % text.length);

const damages: Readonly<Record<string, Damage>> = {
  "a lost line": toLine((lines, index) => lines.splice(index, 1)),
  "lost lines": toLine((lines, index, much) => lines.splice(index, 1 + (much % 8))),
  "a repeated line": toLine((lines, index) => lines.splice(index, 0, lines[index] ?? "")),
  "two lines in each other's place": toLine((lines, index) =>
    lines.splice(index, 2, ...lines.slice(index, index + 2).reverse()),
  ),
  "a lost line break": toLine((lines, index) =>
    lines.splice(index, 2, lines.slice(index, index + 2).join("")),
  ),
  "a lost beginning of a line": toLine((lines, index, much) => {
    lines[index] = lines[index]?.slice(1 + (much % 4)) ?? "";
  }),
  "an indented line": toLine((lines, index, much) => {
    lines[index] = " ".repeat(1 + (much % 4)) + (lines[index] ?? "");
  }),
  "every line indented": toLine((lines) => lines.splice(0, lines.length, ...lines.map((line) => ` ${line}`))),
  "squeezed blanks": (text) => text.replace(/ {2,}/gu, " "),
  "a cut end": (text, at) => text.slice(0, at % text.length),
  "a cut beginning": (text, at) => text.slice(at % text.length),
  "a hole": (text, at, much) =>
    text.slice(0, at % text.length) + text.slice((at % text.length) + 1 + (much % 60)),
  "a color": into((much) => ["\u001b[0m", "\u001b[1;32m", "\u001b]0;x\u0007"][much % 3] ?? ""),
  "a strange character": into(
    (much) => ["\u2028", "\u202e", "\u0000", "\r", "\u0085", "\ufffd"][much % 6] ?? "",
  ),
  "another program's words": into(
    (much) => ["You have mail\n", "\nName=mallory\n", "\n@session 99\n"][much % 3] ?? "",
  ),
  "line ends of Windows": (text) => text.replaceAll("\n", "\r\n"),
  "the whole answer twice": (text) => text + text,
};

function read(text: string): SessionList | string {
  try {
    const stdout = Buffer.from(text);
    return readSessions({ label: "jump-01:22" }, { code: 0, stdout, stderr: new Uint8Array() });
  } catch (error) {
    assert.ok(error instanceof LogoffError, String(error));
    return error.code;
  }
}

/** The control groups may come in any order. */
function sorted(list: SessionList): SessionList {
  return [...list].sort((a, b) => Number(a.id) - Number(b.id));
}

it("a damaged Linux list is read exactly or refused", (test) => {
  let refused = 0;
  const place = fc.nat(100_000);
  const damage = fc.tuple(fc.constantFrom(...Object.keys(damages)), place, place);
  fc.assert(
    fc.property(host, fc.array(damage, { minLength: 1, maxLength: 2 }), (parts, done) => {
      const whole = answer(parts);
      const right = read(whole);
      assert.ok(typeof right !== "string", "refused although whole");
      const damaged = done.reduce((text, [name, at, much]) => damages[name]?.(text, at, much) ?? text, whole);
      const found = read(damaged);
      if (typeof found === "string") {
        refused += 1;
        assert.equal(found, "output-unrecognised");
      } else {
        assert.deepEqual(sorted(found), sorted(right));
      }
    }),
    { numRuns, seed },
  );
  test.diagnostic(`seed ${seed}: of ${numRuns} damaged lists ${refused} were refused, none was misread`);
  assert.ok(refused > numRuns / 2, "the damages did nothing");
});

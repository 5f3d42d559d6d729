import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import type { ExecResult } from "../../../provider/connection";
import type { SessionList } from "../../../provider/session/session";
import { encode, type CodePage } from "../../lab/languages/code-pages";
import { languages, languageTags } from "../../lab/languages/languages";
import { renderQuser, renderQwinsta, type Look } from "../../lab/windows/render";
import type { SessionSeed } from "../../lab/windows/session-model";
import { createWindowsModel } from "../../lab/windows/windows-model";

/** The lab's printer and our parser are written independently; these tests compare them. */
function readBack(seeds: readonly SessionSeed[], look: Look, console?: SessionSeed): SessionList {
  const model = createWindowsModel({ name: "h", sessions: seeds, ...(console ? { console } : {}) });
  const page: CodePage = look.codePage ?? languages[look.language].codePage;
  const printed = (text: string): ExecResult => ({
    code: 0,
    stdout: encode(text, page),
    stderr: new Uint8Array(),
  });
  const rows = model.sessions();
  return windowsBackend({ label: "h:22" }, page)
    .list()
    .parse([printed(renderQwinsta(rows, look)), printed(renderQuser(rows, look))]);
}

const layouts = ["classic", "wide"] as const;
const everyLook: readonly Look[] = languageTags.flatMap((language) =>
  layouts.flatMap((layout) =>
    (["marked", "plain"] as const).map((servicesRow): Look => ({ language, layout, servicesRow })),
  ),
);

/** Letters that exist in each code page. */
const letters: Readonly<Record<CodePage, string>> = {
  437: "abcXYZ019 ._-$äöüéñ",
  850: "abcXYZ019 ._-$äöüßéøñ",
  852: "abcXYZ019 ._-$łąęžščöü",
  866: "abcXYZ019 ._-$абвИЁяш",
  932: "abcXYZ019 ._-$山田太郎カな",
  936: "abcXYZ019 ._-$张伟李娜",
  65001: "abcXYZ019 ._-$äИ山张é",
};

function userNames(page: CodePage, maxLength: number): fc.Arbitrary<string> {
  return (
    fc
      .string({ unit: fc.constantFrom(...Array.from(letters[page])), minLength: 1, maxLength })
      .map((name) => name.trim())
      // Windows refuses account names that end in a dot; a cut name ends in three.
      .filter((name) => name !== "" && !name.endsWith("."))
      // Such names are refused, because they may come from a damaged row.
      .filter((name) => !name.includes("   ") && !/(?:^| )[0-9]+ {2,}/u.test(name))
  );
}

describe("what we read is what the host prints", () => {
  for (const look of everyLook) {
    const page = languages[look.language].codePage;
    it(`in ${look.language}, ${look.layout}, services ${look.servicesRow}`, () => {
      const people = fc.array(
        fc.record({
          user: userNames(page, look.layout === "wide" ? 64 : 19),
          state: fc.constantFrom("active" as const, "disconnected" as const),
          idle: fc.constantFrom(0, 5, 83, 16_092, "none" as const),
        }),
        { maxLength: 5 },
      );
      fc.assert(
        fc.property(people, (seeds) => {
          const read = readBack(seeds, look).filter(({ kind }) => kind === "user");
          assert.deepEqual(
            read.map(({ user, state }) => [user, state]),
            seeds.map(({ user, state }) => [user, state]),
          );
          for (const [index, session] of read.entries()) {
            const { user, idle } = seeds[index] ?? assert.fail();
            // In the classic layout, a name that fills its column may have been cut.
            const full = Array.from(user).length < 20 && !/[^ -\u04ff]/u.test(user);
            if (full || look.layout === "wide") assert.ok(session.userCertain, `"${user}" is doubted`);
            if (full) {
              assert.notEqual(session.logonTime, undefined, `no logon time of "${user}"`);
              assert.equal(session.idleMs, idle === "none" ? 0 : idle * 60_000);
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  it("for names that a command line cannot contain", () => {
    for (const user of [
      'o"brien',
      "a&b",
      "50%off",
      "x^y",
      "svc$",
      "a|b",
      "müller & söhne",
      "agent 7 smith",
      "agent  smith 7",
      "!x!",
      "`id`",
    ]) {
      for (const layout of layouts) {
        const read = readBack([{ user }], { language: "en", codePage: 850, layout, servicesRow: "marked" });
        assert.deepEqual(
          read.filter(({ kind }) => kind === "user").map((session) => [session.user, session.userCertain]),
          [[user, true]],
        );
      }
    }
  });

  it("for names of 20 and 64 characters: certain in the wide layout, uncertain where they may be cut", () => {
    for (const length of [20, 64]) {
      const user = "a".repeat(length);
      const wide = readBack([{ user }], { language: "en", layout: "wide", servicesRow: "marked" }).at(2);
      assert.deepEqual([wide?.user, wide?.userCertain], [user, true]);
      const classic = readBack([{ user }], { language: "en", layout: "classic", servicesRow: "marked" }).at(
        2,
      );
      assert.equal(classic?.userCertain, false);
    }
  });

  it("for double-width letters: certain in the wide layout, uncertain where the name may be cut", () => {
    const user = "田aa太郎カな郎a山山a";
    for (const servicesRow of ["marked", "plain"] as const) {
      const [, , wide] = readBack([{ user }], { language: "ja", layout: "wide", servicesRow });
      assert.deepEqual([wide?.user, wide?.userCertain], [user, true]);
      const [, , classic] = readBack([{ user }], { language: "ja", layout: "classic", servicesRow });
      assert.equal(classic?.userCertain, false);
    }
  });

  it("except that letters missing from the code page make a name uncertain", () => {
    const [, , read] = readBack([{ user: "Иван" }], {
      language: "en",
      codePage: 437,
      layout: "classic",
      servicesRow: "marked",
    });
    assert.equal(read?.userCertain, false);
  });

  it("for a session on the console, in every language", () => {
    for (const language of languageTags) {
      const read = readBack([], { language, layout: "classic", servicesRow: "marked" }, { user: "dora" });
      assert.deepEqual(
        read.filter(({ user }) => user !== undefined).map(({ kind }) => kind),
        ["console"],
      );
    }
  });
});

import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import { LogoffError } from "../../../provider/base/errors";
import type { ExecResult } from "../../../provider/connection";
import type { Session, SessionList } from "../../../provider/session/session";
import { decode, encode, type CodePage } from "../../lab/languages/code-pages";
import { languages, languageTags } from "../../lab/languages/languages";
import { renderQuser, renderQwinsta } from "../../lab/windows/render";
import { createWindowsModel } from "../../lab/windows/windows-model";
import { fixtureNames, readWindowsFixture, windowsFolder } from "../fixtures";
import { damaged, damages } from "./damages";

/*
 * Damaged listings are read exactly or refused, and nobody disappears from one that is read.
 *
 * Some damage removes entire rows and leaves a table that looks intact. Only quser reveals it, so both tables must be read together.
 * Therefore only one of them loses text here; damage to both is what affects an entire connection. The property does not cover what cannot
 * be detected:
 * - missing rows without a user: quser never shows them;
 * - missing rows where quser shows nobody at all, since the login may lack the right to see anybody there;
 * - text replaced by other text of the same width. Two damages may cancel each other out that way, so session names (and the states that
 *   follow from them), the mark of our own session and rows without a user are only compared after a single damage;
 * - letters of a user after the twentieth, which only a wide qwinsta prints;
 * - times in a damaged quser: a date is opaque, whatever is left of it.
 */

/** How many listings to try, and which. `npm test` tries 500 different ones each time. */
const runs = Number(process.env["DAMAGED_LISTINGS"] ?? 500);
const seed = Number(process.env["DAMAGED_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

interface Printed {
  readonly qwinsta: string;
  readonly quser: string;
  readonly page: CodePage;
}

const everyday = [
  "alice",
  "bob smith",
  "svc-backup",
  "CORP\\carol",
  "AzureAD\\DoraMeyer",
  "agent 7",
  "o'neil  jr",
  "a",
];
const long = ["maximilian.mustermann.the.third", "a-user-name-of-24-letter", "firstname.lastname20"];
const foreign: Readonly<Partial<Record<CodePage, readonly string[]>>> = {
  850: ["jürgen", "søren ñandú"],
  852: ["łukasz żółć"],
  866: ["Иван", "Мария Петрова"],
  932: ["山田太郎", "田aa太郎カな"],
  936: ["张伟", "李娜 wang"],
  65001: ["Иван", "山田", "é"],
};
const sessionNames = ["rdp tcp 2#3", "Blast-TCP 1", "RDP-Tcp 34", "31C5CE94259D4006A9E4#0", "ica-cgp#4"];

const rendered: fc.Arbitrary<Printed> = fc
  .record({
    language: fc.constantFrom(...languageTags),
    layout: fc.constantFrom("classic" as const, "wide" as const),
    servicesRow: fc.constantFrom("marked" as const, "plain" as const),
    console: fc.boolean(),
    utf8: fc.boolean(),
  })
  .chain((look) => {
    const page = look.utf8 ? 65001 : languages[look.language].codePage;
    const names = [...everyday, ...everyday, ...long, ...(foreign[page] ?? [])];
    const person = fc.record({
      user: fc.option(fc.constantFrom(...names), { freq: 8 }),
      state: fc.constantFrom("active" as const, "disconnected" as const, "active" as const),
      idle: fc.constantFrom(0, 2, 3, 83, 16_092, "none" as const),
      name: fc.option(fc.constantFrom(...sessionNames), { freq: 3, nil: undefined }),
      type: fc.constantFrom("", "", "rdpwd"),
    });
    return fc.array(person, { minLength: 1, maxLength: 8 }).map((people): Printed => {
      const model = createWindowsModel({
        name: "h",
        ...(look.console ? { console: { user: "dora" } } : {}),
        sessions: people.map(({ name, ...one }) => ({
          ...one,
          ...(one.state === "disconnected" || name === undefined ? {} : { name }),
        })),
      });
      const lookOf = { ...look, codePage: page };
      const rows = model.sessions();
      return { qwinsta: renderQwinsta(rows, lookOf), quser: renderQuser(rows, lookOf), page };
    });
  });

/** The recorded listings whose quser shows everybody, as text. */
const recorded: fc.Arbitrary<Printed> = fc.constantFrom(
  ...fixtureNames(windowsFolder).flatMap((name): readonly Printed[] => {
    const { qwinsta, quser, codePage, expect } = readWindowsFixture(name);
    const users = expect.sessions?.filter(({ user }) => user !== undefined) ?? [];
    if (quser === undefined || users.length === 0 || !users.every(({ hasTimes }) => hasTimes)) return [];
    const page = codePage as CodePage;
    const printed = { qwinsta: decode(qwinsta.stdout, page), quser: decode(quser.stdout, page), page };
    // Bytes that do not decode in the code page cannot be damaged as text.
    const isText =
      encode(printed.qwinsta, page).equals(qwinsta.stdout) &&
      encode(printed.quser, page).equals(quser.stdout);
    return isText ? [printed] : [];
  }),
);

function read({ qwinsta, quser, page }: Printed): SessionList {
  // A mark that the code page lacks would become a letter.
  const marks = page === 65001 ? "$&" : "\u0007";
  const printed = (text: string): ExecResult => ({
    code: 0,
    stdout: encode(text.replace(/[\u202e\u200e\u2028\u009b\u00a0]/gu, marks), page),
    stderr: new Uint8Array(),
  });
  return windowsBackend({ label: "h:22" }, page)
    .list()
    .parse([printed(qwinsta), printed(quser)]);
}

function readOrRefused(printed: Printed): SessionList | undefined {
  try {
    return read(printed);
  } catch (error) {
    assert.ok(error instanceof LogoffError, String(error));
    assert.match(error.code, /^(?:output-unrecognised|permission-denied)$/);
    return undefined;
  }
}

type Damaged = Parameters<Parameters<typeof damages.map>[0]>[0];

/** What identifies the person in a row. */
function identity({ id, name, user, userCertain, kind, state }: Session, { damages: all }: Damaged): unknown {
  // The state depends on whether there is a name.
  const known = all.length === 1 ? { name, state } : {};
  return { id, user: user?.slice(0, 20), userCertain, kind, ...known };
}

/** @returns what is wrong with a list read from a damaged table */
function misreading(before: SessionList, after: SessionList, what: Damaged): string | undefined {
  // Two damages may cancel each other out, but quser names every user.
  const rows = after.filter(({ user }) => user !== undefined || what.damages.length === 1);
  for (const row of rows) {
    const original = before.find(({ id }) => id === row.id);
    if (original === undefined) return `ID ${row.id} does not exist`;
    if (!isDeepStrictEqual(identity(row, what), identity(original, what)))
      return `ID ${row.id} was misread: ${JSON.stringify(row)}`;
    // Our own session is a service here, so its mark may be lost with the first column.
    if (row.own && !original.own && what.damages.length === 1) return `ID ${row.id} became our own`;
    if (what.to === "quser") continue;
    if (row.logonTime !== undefined && row.logonTime !== original.logonTime)
      return `the logon time of ${row.id} is "${row.logonTime}"`;
    if (row.idleMs !== undefined && row.idleMs !== original.idleMs)
      return `the idle time of ${row.id} is ${row.idleMs}`;
  }
  const lost = before.find(({ id, user }) => user !== undefined && !after.some((row) => row.id === id));
  return lost === undefined ? undefined : `ID ${lost.id} (${lost.user ?? ""}) disappeared`;
}

describe("a damaged listing", () => {
  it(`is read exactly or refused (${runs} of them)`, { timeout: 3_600_000 }, (test) => {
    const count = { exact: 0, shorter: 0, refused: 0 };
    test.diagnostic(`seed ${seed}: DAMAGED_SEED=${seed} DAMAGED_LISTINGS=${runs} tries the same again`);
    fc.assert(
      fc.property(
        fc.oneof({ weight: 4, arbitrary: rendered }, { weight: 1, arbitrary: recorded }),
        damages,
        (printed, what) => {
          const hits = (table: "qwinsta" | "quser"): string =>
            what.to === table || what.to === "both" ? damaged(printed[table], what.damages) : printed[table];
          const before = read(printed);
          const after = readOrRefused({ ...printed, qwinsta: hits("qwinsta"), quser: hits("quser") });
          if (after === undefined) count.refused += 1;
          else if (after.length === before.length) count.exact += 1;
          else count.shorter += 1;
          if (after === undefined) return;
          const wrong = misreading(before, after, what);
          assert.equal(wrong, undefined, `${JSON.stringify(what)}\n${hits("qwinsta")}\n${hits("quser")}`);
        },
      ),
      { seed, numRuns: runs },
    );
    test.diagnostic(
      `${count.exact} read exactly, ${count.shorter} without a row that has no user, ${count.refused} refused, 0 misread`,
    );
    // A reader that refuses everything would also pass.
    assert.ok(count.exact > runs / 50, `${count.exact} of ${runs} were read`);
  });
});

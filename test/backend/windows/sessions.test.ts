import * as iconv from "iconv-lite";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeConsole, readCodePage } from "../../../provider/backend/windows/code-page";
import { errorMeaning, errorNumbers } from "../../../provider/backend/windows/error-numbers";
import { toSession } from "../../../provider/backend/windows/sessions";
import { readTable } from "../../../provider/backend/windows/table";
import type { Session } from "../../../provider/session/session";

const classic = [
  " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
  ">services                                    0  Disc                        ",
  " console                                     1  Conn                        ",
  " rdp-tcp#3         alice                     2  Active  rdpwd               ",
  "                   bob smith                 3  Disc                        ",
  " 31C5CE94259D4...  carol                     4  Active                      ",
  " rdp-tcp                                 65536  Listen                      ",
].join("\r\n");

/** Windows 11: everything after the name is eight columns further right, and nothing is cut. */
const wide = [
  " SESSIONNAME               USERNAME                 ID  STATE   TYPE        DEVICE",
  " services                                            0  Disc",
  " console                   dave                      1  Active",
  " rdp-sxs220305000#0        maximilian.mustermann.the.third  12  Active",
  " 31c5ce94259d4006a9e4                            65537  Listen",
].join("\r\n");

function read(text: string, certain = true): readonly Session[] {
  const { rows, unread, classic } = readTable({ text, certain });
  assert.deepEqual(unread, []);
  return rows.map((row) => toSession(row, certain, classic));
}

/** The lines that prevent a table from being read. */
function unreadIn(text: string, certain = true): readonly string[] {
  const { rows, unread } = readTable({ text, certain });
  assert.ok(unread.length > 0, `it was read: ${JSON.stringify(rows)}`);
  return unread;
}

function brief(sessions: readonly Session[]): string[] {
  return sessions.map(({ id, name, user, kind, state, own }) =>
    [id, name ?? "-", user ?? "-", kind, state, ...(own ? ["own"] : [])].join(" "),
  );
}

/** The classic table with another row. */
const withRow = (row: string): string => `${classic}\r\n${row}`;
/** The lines without their first characters. */
const withoutFirstColumn = (table: string): string => table.replace(/^./gmu, "");

describe("a session table", () => {
  it("is read in the classic layout", () => {
    assert.deepEqual(brief(read(classic)), [
      "0 services - services other own",
      "1 console - console other",
      "2 rdp-tcp#3 alice user active",
      "3 - bob smith user disconnected",
      "4 31C5CE94259D4... carol user active",
      "65536 rdp-tcp - listener other",
    ]);
  });

  it("is read in the wide layout, with a name that overflows its column", () => {
    const sessions = read(wide);
    assert.deepEqual(brief(sessions), [
      "0 services - services other",
      "1 console dave console active",
      "12 rdp-sxs220305000#0 maximilian.mustermann.the.third user active",
      "65537 31c5ce94259d4006a9e4 - listener other",
    ]);
    assert.ok(sessions[2]?.userCertain);
  });

  it("is read with any header and any words for states", () => {
    const german = classic
      .replace(/.*\r\n/, " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GERÄT \r\n")
      .replace("Active", "Aktiv ")
      .replaceAll("Disc", "Getr.");
    assert.deepEqual(brief(read(german)), brief(read(classic)));
    const chinese = classic.replace("Active", "运行中").replaceAll("Disc", "断开");
    assert.deepEqual(brief(read(chinese)), brief(read(classic)));
    assert.equal(read(chinese)[2]?.stateText, "运行中");
  });

  it("is read with states that the code page cannot represent", () => {
    const unknown = classic
      .replace("Active  rdpwd", "??????? rdpwd")
      .replaceAll("Active", "???????")
      .replaceAll("Disc", "????")
      .replace("Conn", "!.1");
    assert.deepEqual(brief(read(unknown)), brief(read(classic)));
    assert.equal(read(unknown)[2]?.stateText, "???????");
  });

  it("is read with TYPE and DEVICE, and without their headings", () => {
    const old = [
      " SESSIONNAME       USERNAME                 ID  STATE",
      ">console           alice                     0  Active  wdcon               ",
      " rdp-tcp                                 65536  Listen  rdpwd               ",
      "                                             3  Idle    wdica       com1    ",
    ].join("\n");
    assert.deepEqual(brief(read(old)), [
      "0 console alice console active own",
      "65536 rdp-tcp - listener other",
      "3 - - user other",
    ]);
  });

  for (const [layout, table] of Object.entries({ classic, wide })) {
    it(`is read in the ${layout} layout without its first column, which loses the mark`, () => {
      const { unmarked } = readTable({ text: withoutFirstColumn(table), certain: true });
      assert.ok(unmarked);
      assert.deepEqual(
        brief(read(withoutFirstColumn(table))),
        brief(read(table)).map((row) => row.replace(" own", "")),
      );
      assert.equal(readTable({ text: table, certain: true }).unmarked, false);
    });
  }

  const names: readonly (readonly [row: string, session: string])[] = [
    [" rdp tcp 2#3       alice                     9  Active", "9 rdp tcp 2#3 alice user active"],
    [" Blast-TCP 1       alice                     9  Active", "9 Blast-TCP 1 alice user active"],
    [" RDP-Tcp 34        agent 7                  34  Active", "34 RDP-Tcp 34 agent 7 user active"],
    [" rdp-tcp#5         CORP\\alice                9  Active", "9 rdp-tcp#5 CORP\\alice user active"],
    ["                   AzureAD\\AliceSmith        9  Disc", "9 - AzureAD\\AliceSmith user disconnected"],
    [" rdp-tcp#5         alice                 65540  Active", "65540 rdp-tcp#5 alice user active"],
    [" services          alice                     9  Active", "9 services alice user active"],
    [" rdp-tcp#12                                  7  Down", "7 rdp-tcp#12 - user other"],
    ["                                             8  Disc", "8 - - user other"],
    [" ica 2                                   65537  Listen", "65537 ica 2 - listener other"],
  ];
  for (const [row, session] of names) {
    it(`has a row "${row.trim().replace(/ +/g, " ")}"`, () => {
      assert.equal(brief(read(withRow(row))).at(-1), session);
    });
  }

  it("doubts a user that may be cut in the classic layout", () => {
    const line = " rdp-tcp#9         maximilian.musterman      9  Active  rdpwd               ";
    assert.equal(read(withRow(line)).at(-1)?.userCertain, false);
  });

  for (const [user, certain] of [
    [`a${"日".repeat(9)}`, false],
    ["日".repeat(10), false],
    [`ab${"日".repeat(8)}`, true],
    ["a".repeat(19), true],
  ] as const) {
    it(`${certain ? "trusts" : "doubts"} ${user}: another double-width letter ${certain ? "would have fitted" : "might not have fitted"}`, () => {
      const columns = user.length + user.replaceAll("a", "").replaceAll("b", "").length;
      const line = ` rdp-tcp#9         ${user}${" ".repeat(20 - columns)}      9  Active  rdpwd               `;
      assert.equal(read(withRow(line)).at(-1)?.userCertain, certain);
    });
  }

  for (const user of ["????", "iv\ufffdn", "long.name..."]) {
    it(`doubts ${user}`, () => {
      const line = ` rdp-tcp#9         ${user.padEnd(20)}      9  Active  rdpwd               `;
      assert.equal(read(withRow(line)).at(-1)?.userCertain, false);
    });
  }

  it("doubts letters of an unknown code page, but not ASCII", () => {
    const line = " rdp-tcp#9         j\u0081rgen                    9  Active  rdpwd               ";
    const sessions = read(withRow(line), false);
    assert.deepEqual([sessions.at(2)?.userCertain, sessions.at(-1)?.userCertain], [true, false]);
  });
});

describe("an invalid session table", () => {
  const oneRow = (find: string | RegExp, replacement: string): string => {
    const changed = classic.replace(find, replacement);
    assert.notEqual(changed, classic);
    return changed;
  };
  const [header = "", ...rows] = classic.split("\r\n");
  const refused: Readonly<Record<string, string>> = {
    "rows without their first column under a header that has it": [
      header,
      ...rows.map((row) => row.slice(1)),
    ].join("\n"),
    "an indented table": classic.replace(/^/gmu, "    "),
    "a classic table indented to the columns of the wide one": classic.replace(/^/gmu, "        "),
    "a quoted table": classic.replace(/^/gmu, "> "),
    "two rows marked as our own": oneRow("\n console", "\n>console"),
    "ESC inside the name of the console": oneRow("console  ", "con\u001b[0msole  "),
    "a name run into the user": oneRow("rdp-tcp#3         alice", "rdp-tcp#3--------alice"),
    "three blanks inside a user": oneRow("alice   ", "al   ice"),
    "a user that is a non-breaking space": oneRow("alice", "\u00a0    "),
    "a control character inside a user": oneRow("alice", "al\u0007ce"),
    "a bidirectional mark inside a user": oneRow("alice", "al\u202ece"),
    "U+2028 inside a user": oneRow("alice", "al\u2028ce"),
    "CSI of C1 inside a user": oneRow("alice", "al\u009bce"),
    "a user that looks like an ID and a state": oneRow("alice    ", "agent 7  s"),
    "a user to the left of its column, without a name": oneRow(
      "                   bob smith",
      "             bob smith      ",
    ),
    "a user one column to the left": oneRow("         alice ", "        alice  "),
    "a user one column to the right": oneRow("alice ", " alice"),
    "a lost letter of a user": oneRow("alice", "alie"),
    "a lost letter of a name": oneRow("console", "consol"),
    "two blanks inside a name": oneRow("rdp-tcp#3", "rdp  cp#3"),
    "an ID one column to the left": oneRow("  2  Active", " 2   Active"),
    "one blank after the ID": oneRow("2  Active", "2 Active"),
    "no state": oneRow("2  Active  rdpwd", "2"),
    "no ID": oneRow("    2  Active", "       Active"),
    "a lost line break": oneRow(/\r\n console/u, " console"),
    "a lost line break between rows without blanks at their ends": classic
      .replace(/ +(?=\r)/gu, "")
      .replace("Disc\r\n", "Disc"),
    "a lost line break between header and first row": oneRow(/\r\n>/u, ">"),
    "a row that continues after the device": oneRow("rdpwd ", "rdpwd       com1    x"),
    "text outside the TYPE column": oneRow("Active  rdpwd", "Active rdpwd"),
    "blanks squeezed": classic.replace(/ {2,}/gu, "  "),
    "a line between the rows": oneRow("\n console", "\nPlease wait\r\n console"),
    "a line above the header": `Please wait\r\n${classic}`,
    "no header": rows.join("\r\n"),
    "a row instead of the header": [rows.at(3), ...rows.slice(0, 3)].join("\n"),
    "rows of both layouts": `${classic}\r\n${wide.split("\r\n")[2] ?? ""}`,
    "an error": "Error 5 getting sessionnames\r\n",
  };
  for (const [what, table] of Object.entries(refused)) it(`is refused: ${what}`, () => void unreadIn(table));

  it("is refused with the line that is not a row", () => {
    assert.deepEqual(unreadIn(withRow(" rdp-tcp#4         dora   Active")), [
      " rdp-tcp#4         dora   Active",
    ]);
  });

  it("has no rows and no bad lines when nothing was printed", () => {
    assert.deepEqual(readTable({ text: "", certain: true }).rows, []);
  });
});

describe("error numbers", () => {
  const rows: readonly (readonly [text: string, meaning: string | undefined])[] = [
    ["Error [5]:Access is denied.", "denied"],
    ["Ошибка [5]:Отказано в доступе.", "denied"],
    ["Error 0x00000005 enumerating sessionnames", "denied"],
    [
      "Could not logoff session ID 3 from server\nError [7045]:The requested session access is denied.",
      "denied",
    ],
    ["Error [7022]:Session not found", "absent"],
    ["Fehler [7007]:", "busy"],
    ["Error [7024]: busy", "busy"],
    ["Error [1722]:The RPC server is unavailable.", "server-unreachable"],
    ["Error 5 getting sessionnames", undefined],
    ["Access is denied.", undefined],
    ["", undefined],
  ];
  for (const [text, meaning] of rows) {
    it(`${JSON.stringify(text)} means ${meaning ?? "nothing known"}`, () => {
      assert.equal(errorMeaning(text), meaning);
    });
  }
  it("include every number in brackets or in hexadecimal", () => {
    assert.deepEqual(errorNumbers("a [87] b 0x00001b6e c 12"), [87, 7022]);
  });
});

describe("code pages", () => {
  const printed = (text: string): number | undefined =>
    readCodePage({ code: 0, stdout: iconv.encode(text, "cp850"), stderr: new Uint8Array() });
  it("are read from the end of a localized sentence", () => {
    assert.equal(printed("Active code page: 437\r\n"), 437);
    assert.equal(printed("Aktive Codepage: 850.\r\n"), 850);
    assert.equal(printed("Page de codes active : 850\r\n"), 850);
    assert.equal(printed("Active code page: 65001\r\n"), 65001);
    assert.equal(printed("'chcp.com' is not recognized as an internal or external command,\r\n"), undefined);
    assert.equal(printed(""), undefined);
  });
  for (const [codePage, text] of [
    [437, "jürgen"],
    [850, "Gerät"],
    [852, "Łukasz"],
    [866, "Иван"],
    [932, "山田"],
    [936, "张伟"],
    [65001, "Иван 山田"],
  ] as const) {
    it(`decodes ${codePage}`, () => {
      const bytes = codePage === 65001 ? Buffer.from(text) : iconv.encode(text, `cp${codePage}`);
      assert.deepEqual(decodeConsole(bytes, codePage), { text, certain: true });
    });
  }
  it("make only ASCII certain when they are unknown", () => {
    assert.equal(decodeConsole(Buffer.from("abc"), undefined).certain, false);
    assert.equal(decodeConsole(Buffer.from("abc"), 12345).certain, false);
  });
});

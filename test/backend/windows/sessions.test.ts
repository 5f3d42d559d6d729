import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as iconv from "iconv-lite";
import { decodeConsole, readCodePage } from "../../../provider/backend/windows/code-page";
import { errorMeaning, errorNumbers } from "../../../provider/backend/windows/error-numbers";
import { readIdle, readSessionTable, readUserTimes } from "../../../provider/backend/windows/sessions";
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

/** Windows 11: everything behind the name is eight columns further right, and nothing is cut. */
const wide = [
  " SESSIONNAME               USERNAME                 ID  STATE   TYPE        DEVICE",
  " services                                            0  Disc",
  " console                   dave                      1  Active",
  " rdp-sxs220305000#0        maximilian.mustermann.the.third  12  Active",
  " 31c5ce94259d4006a9e4                            65537  Listen",
].join("\r\n");

function read(text: string, certain = true): readonly Session[] {
  const table = readSessionTable({ text, certain });
  assert.deepEqual(table.unread, []);
  assert.ok(table.complete);
  return table.sessions;
}

function brief(sessions: readonly Session[]): string[] {
  return sessions.map(({ id, name, user, kind, state, own }) =>
    [id, name ?? "-", user ?? "-", kind, state, ...(own ? ["own"] : [])].join(" "),
  );
}

describe("readSessionTable", () => {
  it("reads the classic layout", () => {
    assert.deepEqual(brief(read(classic)), [
      "0 services - services other own",
      "1 console - console other",
      "2 rdp-tcp#3 alice user active",
      "3 - bob smith user disconnected",
      "4 31C5CE94259D4... carol user active",
      "65536 rdp-tcp - listener other",
    ]);
  });

  it("reads the wide layout, with a name that overflows its column", () => {
    const sessions = read(wide);
    assert.deepEqual(brief(sessions), [
      "0 services - services other",
      "1 console dave console active",
      "12 rdp-sxs220305000#0 maximilian.mustermann.the.third user active",
      "65537 31c5ce94259d4006a9e4 - listener other",
    ]);
    assert.ok(sessions[2]?.userCertain);
  });

  it("reads rows under any header and with any words for states", () => {
    const german = classic
      .replace(/.*\r\n/, " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GERÄT \r\n")
      .replace("Active", "Aktiv ")
      .replaceAll("Disc", "Getr.");
    assert.deepEqual(brief(read(german)), brief(read(classic)));
    const chinese = classic.replace("Active", "运行中").replaceAll("Disc", "断开");
    assert.deepEqual(brief(read(chinese)), brief(read(classic)));
    assert.equal(read(chinese)[2]?.stateText, "运行中");
  });

  it("takes the last place that looks like ID and state, whatever a user is called", () => {
    const line = "                   agent 7  smith            23  Disc                        ";
    assert.deepEqual(brief(read(`${classic}\r\n${line}`)).at(-1), "23 - agent 7  smith user disconnected");
  });

  it("doubts a user that may be cut in the classic layout", () => {
    const line = " rdp-tcp#9         maximilian.musterman      9  Active  rdpwd               ";
    assert.equal(read(`${classic}\r\n${line}`).at(-1)?.userCertain, false);
  });

  for (const [user, certain] of [
    [`a${"日".repeat(9)}`, false],
    ["日".repeat(10), false],
    [`ab${"日".repeat(8)}`, true],
    ["a".repeat(19), true],
  ] as const) {
    it(`${certain ? "believes" : "doubts"} ${user}, for a letter of two columns ${certain ? "would fit" : "may not have fitted"}`, () => {
      const line = ` rdp-tcp#9         ${user}      9  Active  rdpwd               `;
      assert.equal(read(`${classic}\r\n${line}`).at(-1)?.userCertain, certain);
    });
  }

  for (const user of ["????", "iv\ufffdn", "long.name..."]) {
    it(`doubts ${user}`, () => {
      const line = ` rdp-tcp#9         ${user.padEnd(20)}      9  Active  rdpwd               `;
      assert.equal(read(`${classic}\r\n${line}`).at(-1)?.userCertain, false);
    });
  }

  it("doubts letters of an unknown code page, but not ASCII", () => {
    const line = " rdp-tcp#9         jürgen                    9  Active  rdpwd               ";
    const sessions = read(`${classic}\r\n${line}`, false);
    assert.deepEqual([sessions.at(2)?.userCertain, sessions.at(-1)?.userCertain], [true, false]);
  });

  it("leaves a line that is no row unread instead of passing it over", () => {
    const table = readSessionTable({ text: `${classic}\r\n rdp-tcp#4         dora   Active`, certain: true });
    assert.deepEqual(table.unread, [" rdp-tcp#4         dora   Active"]);
  });

  it("does not take an error for a row", () => {
    const table = readSessionTable({ text: "Error 5 getting sessionnames\r\n", certain: true });
    assert.deepEqual([table.sessions, table.complete], [[], false]);
    assert.deepEqual(table.unread, ["Error 5 getting sessionnames"]);
  });

  it("does not take a table without services and console for complete", () => {
    const table = readSessionTable({ text: classic.split("\r\n").slice(3).join("\r\n"), certain: true });
    assert.equal(table.complete, false);
  });

  it("is not confused by an empty output", () => {
    assert.deepEqual(readSessionTable({ text: "", certain: true }), {
      sessions: [],
      unread: [],
      complete: false,
    });
  });
});

describe("readUserTimes", () => {
  const quser = [
    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
    " alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM",
    " bob smith                                 3  Disc     11+04:12  22.11.2026 09:14",
    " carol                 31c5ce94259d4...    4  Active      none   2026/11/22 9:14",
    " al                    rdp-tcp#7           5  Active  24692+13:29  11/22/2026 9:14 AM",
  ].join("\r\n");
  const of = (id: string, user: string): unknown =>
    readUserTimes({ text: quser, certain: true }, { ...(read(classic)[2] as Session), id, user });

  it("finds logon and idle time of a session", () => {
    assert.deepEqual(of("2", "alice"), { logonTime: "11/22/2026 9:14 AM", idleMs: 300_000 });
    assert.deepEqual(of("3", "bob smith"), {
      logonTime: "22.11.2026 09:14",
      idleMs: (11 * 1440 + 252) * 60_000,
    });
    assert.deepEqual(of("4", "carol"), { logonTime: "2026/11/22 9:14", idleMs: 0 });
  });
  it("knows no idle time above a year", () => {
    assert.deepEqual(of("5", "al"), { logonTime: "11/22/2026 9:14 AM" });
  });
  it("knows nothing about a row of another user or ID", () => {
    assert.equal(of("2", "bob smith"), undefined);
    assert.equal(of("9", "alice"), undefined);
    assert.equal(of("2", "ali"), undefined);
  });
  it("reads a marked row", () => {
    const marked = quser.replace(" alice", ">alice");
    const session = { ...(read(classic)[2] as Session), user: "ALICE" };
    assert.equal(readUserTimes({ text: marked, certain: true }, session)?.logonTime, "11/22/2026 9:14 AM");
  });
});

describe("readIdle", () => {
  const rows: readonly (readonly [text: string, minutes: number | undefined])[] = [
    [".", 0],
    ["none", 0],
    ["Kein", 0],
    ["无", 0],
    ["5", 5],
    ["1:23", 83],
    ["11+04:12", 16_092],
    ["24692+13:29", undefined],
    ["", undefined],
    ["5x", undefined],
  ];
  for (const [text, minutes] of rows) {
    it(`"${text}" is ${minutes ?? "unknown"}`, () => {
      assert.equal(readIdle(text), minutes === undefined ? undefined : minutes * 60_000);
    });
  }
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
  it("reads every number in brackets or hexadecimal", () => {
    assert.deepEqual(errorNumbers("a [87] b 0x00001b6e c 12"), [87, 7022]);
  });
});

describe("code pages", () => {
  const printed = (text: string): number | undefined =>
    readCodePage({ code: 0, stdout: iconv.encode(text, "cp850"), stderr: new Uint8Array() });
  it("reads the number at the end of a localized sentence", () => {
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
  it("trusts nothing but ASCII without a code page it knows", () => {
    assert.equal(decodeConsole(Buffer.from("abc"), undefined).certain, false);
    assert.equal(decodeConsole(Buffer.from("abc"), 12345).certain, false);
  });
});

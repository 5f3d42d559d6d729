import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode, displayWidth, encode } from "../languages/code-pages";
import { languages, languageTags } from "../languages/languages";
import {
  codePageOf,
  defaultLook,
  renderError,
  renderIdle,
  renderQuser,
  renderQwinsta,
  type Look,
} from "./render";
import { createWindowsModel, type ModelOptions } from "./windows-model";

function lines(table: string): readonly string[] {
  assert.ok(table.endsWith("\r\n"));
  return table.slice(0, -2).split("\r\n");
}

function rows(
  options: Partial<ModelOptions> = {},
): ReturnType<ReturnType<typeof createWindowsModel>["sessions"]> {
  return createWindowsModel({ name: "rdsh01", ...options }).sessions();
}

const look = (change: Partial<Look>): Look => ({ ...defaultLook, ...change });

describe("qwinsta", () => {
  it("prints the published table of a server", () => {
    const table = renderQwinsta(
      rows({
        console: { user: "Administrator" },
        sessions: [{ user: "alice" }, { user: "bob", state: "disconnected" }],
      }),
      defaultLook,
    );
    assert.deepEqual(lines(table), [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
      ">services                                    0  Disc                        ",
      " console           Administrator             1  Active                      ",
      " rdp-tcp#0         alice                     2  Active                      ",
      "                   bob                       3  Disc                        ",
      " rdp-tcp                                 65536  Listen                      ",
    ]);
  });

  it("prints TYPE as old servers do", () => {
    const [, , , row] = lines(renderQwinsta(rows({ sessions: [{ user: "a", type: "rdpwd" }] }), defaultLook));
    assert.equal(row, " rdp-tcp#0         a                         2  Active  rdpwd               ");
  });

  it("cuts long names only in the classic layout, and shifts columns by 8 in the wide one", () => {
    const sessions = [{ user: "a-user-name-of-24-letter", name: "31C5CE94259D4006A9E4#0", id: 12 }];
    const listeners = ["31C5CE94259D4006A9E4"];
    const classic = lines(renderQwinsta(rows({ sessions, listeners }), defaultLook));
    assert.equal(classic[3], " 31C5CE94259D4...  a-user-name-of-24-le     12  Active                      ");
    assert.equal(classic[4], " 31C5CE94259D4...                        65536  Listen                      ");
    const wide = lines(
      renderQwinsta(rows({ sessions: [{ user: "alice" }], listeners }), look({ layout: "wide" })),
    );
    assert.equal(
      wide[0],
      " SESSIONNAME               USERNAME                 ID  STATE   TYPE        DEVICE ",
    );
    assert.equal(
      wide[1],
      ">services                                            0  Disc                        ",
    );
    assert.equal(
      wide[3],
      " rdp-tcp#0                 alice                     2  Active                      ",
    );
    assert.equal(
      wide[4],
      " 31C5CE94259D4006A9E4                            65536  Listen                      ",
    );
    const long = lines(renderQwinsta(rows({ sessions, listeners }), look({ layout: "wide" })));
    assert.equal(
      long[3],
      " 31C5CE94259D4006A9E4#0    a-user-name-of-24-letter     12  Active                      ",
    );
  });

  it("speaks German", () => {
    const table = renderQwinsta(rows({ sessions: [{ user: "jürgen" }] }), look({ language: "de" }));
    assert.deepEqual(lines(table), [
      " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GERÄT ",
      ">services                                    0  Getr.                       ",
      " console                                     1  Verb.                       ",
      " rdp-tcp#0         jürgen                    2  Aktiv                       ",
      " rdp-tcp                                 65536  Abhör.                      ",
    ]);
    const bytes = encode(table, 850);
    assert.ok(
      bytes.includes(Buffer.from([0x6a, 0x81, 0x72, 0x67, 0x65, 0x6e])),
      "ü is 0x81 in code page 850",
    );
  });

  it("marks session 0 or not", () => {
    assert.match(lines(renderQwinsta(rows(), look({ servicesRow: "plain" })))[1] ?? "", /^ services/);
    assert.match(lines(renderQwinsta(rows(), defaultLook, false))[1] ?? "", /^ services/);
  });

  it("prints an English header over Portuguese states", () => {
    const table = lines(renderQwinsta(rows(), look({ language: "pt-BR", headerLanguage: "en" })));
    assert.match(table[0] ?? "", /^ SESSIONNAME/);
    assert.match(table[1] ?? "", / 0 {2}Disco /);
  });

  it("pads Japanese and Chinese names by display width", () => {
    for (const language of ["ja", "zh-CN"] as const) {
      for (const codePage of [languages[language].codePage, 65001] as const) {
        const sessions = [{ user: "山田太郎", id: 7 }];
        const table = lines(renderQwinsta(rows({ sessions }), look({ language, codePage })));
        for (const row of table.slice(1)) {
          const upToId = /^.*?\d+(?= {2}\S)/.exec(row.replace(/#\d+/, "##"))?.[0] ?? "";
          assert.equal(displayWidth(upToId, codePage), 46, row);
        }
      }
    }
  });

  it("survives encoding in its code page, in every language", () => {
    for (const language of languageTags) {
      const table = renderQwinsta(rows({ sessions: [{ user: "x" }] }), look({ language }));
      const page = codePageOf(look({ language }));
      assert.equal(decode(encode(table, page), page), table, language);
    }
  });
});

describe("quser", () => {
  const sessions = [
    { user: "alice", logonTime: new Date(Date.UTC(2021, 3, 20, 9, 35)) },
    {
      user: "bob",
      state: "disconnected",
      idle: 1440 * 11 + 252,
      logonTime: new Date(Date.UTC(2021, 3, 20, 0, 5)),
    },
    { user: "carol", idle: "none", logonTime: new Date(Date.UTC(2021, 11, 20, 23, 5)) },
    { user: "dave", idle: { raw: "24692+13:29" }, logonTime: new Date(Date.UTC(2021, 11, 20, 12, 5)) },
  ] as const;

  it("prints people only, in the published columns", () => {
    assert.deepEqual(lines(renderQuser(rows({ sessions }), defaultLook)), [
      " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
      " alice                 rdp-tcp#0           2  Active          .  4/20/2021 9:35 AM",
      " bob                                       3  Disc     11+04:12  4/20/2021 12:05 AM",
      " carol                 rdp-tcp#1           4  Active      none   12/20/2021 11:05 PM",
      " dave                  rdp-tcp#2           5  Active  24692+13:29  12/20/2021 12:05 PM",
    ]);
  });

  it("cuts user names at 20 letters, even in the wide layout", () => {
    const long = rows({ sessions: [{ user: "maximilian.mustermann" }] });
    for (const layout of ["classic", "wide"] as const)
      assert.match(
        lines(renderQuser(long, look({ layout })))[1] ?? "",
        /^ maximilian\.musterman {2}rdp-tcp#0 /,
      );
  });

  it("speaks German", () => {
    assert.deepEqual(lines(renderQuser(rows({ sessions: sessions.slice(0, 3) }), look({ language: "de" }))), [
      " BENUTZERNAME          SITZUNGSNAME       ID  STATUS  LEERLAUF   ANMELDEZEIT",
      " alice                 rdp-tcp#0           2  Aktiv           .  20.04.2021 09:35",
      " bob                                       3  Getr.    11+04:12  20.04.2021 00:05",
      " carol                 rdp-tcp#1           4  Aktiv        Kein  20.12.2021 23:05",
    ]);
  });

  it("lets the Russian idle word overflow its column", () => {
    const table = lines(
      renderQuser(rows({ sessions: [{ user: "иванов", idle: "none" }] }), look({ language: "ru" })),
    );
    assert.equal(
      table[1],
      " иванов                rdp-tcp#0           2  Активно отсутствует  03.03.2025 9:32",
    );
  });

  it("prints idle times as minutes, hours and days", () => {
    const printed = [0, 5, 83, 1440 * 11 + 252].map((idle) => renderIdle(idle, languages.en));
    assert.deepEqual(printed, [".", "5", "1:23", "11+04:12"]);
  });
});

it("renderError puts the number in brackets, in the host's language or else in English", () => {
  assert.equal(renderError(5, defaultLook), "Error [5]:Access is denied.\r\n");
  assert.equal(renderError(5, look({ language: "ru" })), "Ошибка [5]:Отказано в доступе.\r\n");
  assert.equal(
    renderError(7022, look({ language: "de" }), 9),
    "Fehler [7022]:Die Sitzung 9 wurde nicht gefunden.\r\n",
  );
  assert.equal(
    renderError(7045, look({ language: "ja" })),
    "エラー [7045]:The requested session access is denied.\r\n",
  );
});

it("encode writes a question mark for characters missing from the code page", () => {
  assert.equal(encode("иванов", 437).toString("latin1"), "??????");
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compare, readIdle, readUsers, type UserRow } from "../../../provider/backend/windows/users";
import type { Session } from "../../../provider/session/session";
import { aSession } from "../../session/sample";

const header = " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME";

function tableOf(...rows: readonly string[]): string {
  return [header, ...rows, ""].join("\r\n");
}

function readRow(row: string): UserRow {
  const { rows, unread } = readUsers({ text: tableOf(row), certain: true });
  assert.deepEqual(unread, []);
  return rows[0] ?? assert.fail(`no row in "${row}"`);
}

describe("a row of quser", () => {
  const minutes = (value: number): number => value * 60_000;
  const rows: readonly (readonly [row: string, id: string, idleMs: number | undefined, logonTime: string])[] =
    [
      [
        " alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM",
        "2",
        minutes(5),
        "11/22/2026 9:14 AM",
      ],
      [
        ">alice                 rdp-tcp#3           2  Active          2  11/22/2026 9:14 AM",
        "2",
        minutes(2),
        "11/22/2026 9:14 AM",
      ],
      [
        " bob smith                                 3  Disc     11+04:12  22.11.2026 09:14",
        "3",
        minutes(16_092),
        "22.11.2026 09:14",
      ],
      [
        " carol                 31c5ce94259d4...    4  Active      none   2026/11/22 9:14",
        "4",
        0,
        "2026/11/22 9:14",
      ],
      [
        " al                    rdp-tcp#7           5  Active  24692+13:29  11/22/2026 9:14 AM",
        "5",
        undefined,
        "11/22/2026 9:14 AM",
      ],
      [
        " иванов                rdp-tcp#0           2  Активно отсутствует  03.03.2025 9:32",
        "2",
        0,
        "03.03.2025 9:32",
      ],
      [
        " alice                 rdp tcp 2#3         2  Active       1:35  Sun 05/01/2025 09:32",
        "2",
        minutes(95),
        "Sun 05/01/2025 09:32",
      ],
      [
        " alice                 Blast-TCP 1         2  Active          2  Sun 05 January 2025 09:32",
        "2",
        minutes(2),
        "Sun 05 January 2025 09:32",
      ],
      [
        " alice                 RDP-Tcp 34         34  ???????         .  20250105 0932",
        "34",
        0,
        "20250105 0932",
      ],
      [
        " agent 7               console             2  Active          7  Jan 5 2025 9:32",
        "2",
        minutes(7),
        "Jan 5 2025 9:32",
      ],
      [
        " 山田太郎              console             2  Active          7  2025/01/05 9:32",
        "2",
        minutes(7),
        "2025/01/05 9:32",
      ],
      [
        "alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM",
        "2",
        minutes(5),
        "11/22/2026 9:14 AM",
      ],
    ];
  for (const [row, id, idleMs, logonTime] of rows) {
    it(`"${row.trim().replace(/ +/g, " ")}" has an idle time and a logon time`, () => {
      const read = readRow(row);
      assert.deepEqual([read.id, read.idleMs, read.logonTime], [id, idleMs, logonTime]);
    });
  }

  for (const mark of ["\u200e", "\u200f", "\u061c", "\u202a", "\u202e", "\u2066", "\u2069"]) {
    const code = `U+${mark.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`;
    it(`has a logon time without ${code}, which some regions print in dates`, () => {
      const date = `${mark}22/${mark}11/${mark}2026 ${mark}9:14${mark}`;
      const read = readRow(` alice                 rdp-tcp#3           2  Active          5  ${date}`);
      assert.deepEqual([read.id, read.idleMs, read.logonTime], ["2", minutes(5), "22/11/2026 9:14"]);
    });
    for (const [where, row] of [
      ["its user", ` al${mark}ice                rdp-tcp#3           2  Active          5  22/11/2026 9:14`],
      ["its state", ` alice                 rdp-tcp#3           2  Act${mark}ive         5  22/11/2026 9:14`],
      [
        "its idle time",
        ` alice                 rdp-tcp#3           2  Active         ${mark}5  22/11/2026 9:14`,
      ],
    ] as const) {
      it(`is not read with ${code} in ${where}`, () => {
        assert.deepEqual(readUsers({ text: tableOf(row), certain: true }), { rows: [], unread: [row] });
      });
    }
  }

  it("is not read when separators in its logon time hide another row", () => {
    const row =
      " alice                 rdp-tcp#3           2  Active          5  22/11/2026 9:14 bob 3 \u200e \u200eDisc";
    assert.deepEqual(readUsers({ text: tableOf(row), certain: true }).rows, []);
  });

  it("has no times when its end is missing", () => {
    const text = tableOf(
      " alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:1",
    ).trimEnd();
    assert.deepEqual(readUsers({ text, certain: true }).rows, [
      { id: "2", userAndName: "alice                 rdp-tcp#3" },
    ]);
  });

  for (const [what, row, id] of [
    ["a name", "                       rdp-tcp#12          7  Down", "7"],
    ["a name with blanks", "                       RDP-Tcp 34         34  Down           .  ", "34"],
    ["no name", "                                           8  Disc        none  22.11.2026 09:14", "8"],
  ] as const) {
    it(`has neither user nor times when nobody is logged on: ${what}`, () => {
      assert.deepEqual(readRow(row), { id, userAndName: "" });
      assert.deepEqual(readRow(`>${row.slice(1)}`), { id, userAndName: "" });
    });
  }

  const refused: Readonly<Record<string, string>> = {
    "no user, and a name one column to the left": "                      rdp-tcp#12           7  Down",
    "no user, and a name one column to the right": "                        rdp-tcp#12         7  Down",
    "no user, and two names": "                       alice  rdp-tcp#12   7  Down",
    "no user, and a lost line break":
      "                       rdp-tcp#12          7  Down           .   bob                   rdp-tcp#5           3  Active",
    "no user, and ESC in its name": "                       rdp-tcp\u001b[0m#12      7  Down",
    "no user and no state": "                       rdp-tcp#12          7",
    "a user, and nothing after the state": " alice                 rdp-tcp#3           2  Active",
    "a lost line break":
      " alice                 rdp-tcp#3           2  Active          .  22.11.2026 09:14 bob                                       3  Disc          5  22.11.2026 09:14",
    "squeezed blanks": " alice rdp-tcp#3 2 Active 5 11/22/2026 9:14 AM",
    "an indented row":
      "   alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM",
    "ESC in its date":
      " alice                 rdp-tcp#3           2  Active          5  11/22\u001b[0m/2026 9:14 AM",
    "CSI of C1 in its date":
      " alice                 rdp-tcp#3           2  Active          5  11/22\u009b/2026 9:14 AM",
    "a tab in its date":
      " alice                 rdp-tcp#3           2  Active          5  11/22/2026\t9:14 AM",
    "U+2028 behind its date":
      " alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM\u2028",
    "no state": " alice                 rdp-tcp#3           2",
    "text without end": ` alice                 rdp-tcp#3           2  Active          5  ${"9 ".repeat(500)}`,
  };
  for (const [what, row] of Object.entries(refused)) {
    it(`is not read: ${what}`, () => {
      assert.deepEqual(readUsers({ text: tableOf(row), certain: true }), { rows: [], unread: [row] });
    });
  }

  it("is neither a header nor a sentence without digits, in any language", () => {
    for (const text of [
      header,
      "No User exists for *\r\n",
      " ユーザー名            セッション名       ID  状態    アイドル時間",
    ])
      assert.deepEqual(readUsers({ text, certain: true }), { rows: [], unread: [] });
  });
});

describe("an idle time", () => {
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
    ["59", 59],
    ["60", undefined],
    ["135", undefined],
    ["1:3", undefined],
    ["1:60", undefined],
    ["24:00", undefined],
    ["365+00:00", 365 * 1440],
    ["365+00:01", undefined],
    ["1+5", undefined],
    ["05/01/2025", undefined],
  ];
  for (const [text, minutes] of rows) {
    it(`"${text}" is ${minutes ?? "unknown"}`, () => {
      assert.equal(readIdle(text), minutes === undefined ? undefined : minutes * 60_000);
    });
  }
});

describe("qwinsta and quser of the same moment", () => {
  const people: readonly Session[] = [
    aSession({ id: "2", user: "alice" }),
    aSession({ id: "3", user: "maximilian.mustermann.the.third" }),
    aSession({ id: "4", user: "long.name..." }),
    aSession({ id: "5", user: "CORP\\dora" }),
    aSession({ id: "6", user: "maria  de  los  angeles garcia" }),
  ];
  const compareWith = (...rows: readonly string[]): ReturnType<typeof compare> =>
    compare(people, readUsers({ text: tableOf(...rows), certain: true }));
  const row = (user: string, id: string): string =>
    ` ${user.padEnd(22)}rdp-tcp#0        ${id.padStart(4)}  Active          .  22.11.2026 09:14`;

  for (const [user, id] of [
    ["alice", "2"],
    ["ALICE", "2"],
    ["maximilian.musterman", "3"],
    ["long.name.of.many.le", "4"],
    ["maria  de  los  ange", "6"],
    ["dora", "5"],
    ["CORP\\dora", "5"],
  ] as const) {
    it(`agree about ${user}`, () => {
      const { times, contradiction } = compareWith(row(user, id));
      assert.deepEqual([times.get(id)?.logonTime, contradiction], ["22.11.2026 09:14", undefined]);
    });
  }

  for (const [user, id, message] of [
    ["bob", "9", /session 9 of "bob .*, qwinsta\.exe does not/],
    ["bob", "2", /session 2 of "bob .*, qwinsta\.exe shows it as that of "alice"/],
    ["OTHER\\dora", "5", /shows it as that of "CORP\\dora"/],
    ["alic", "2", /shows it as that of "alice"/],
    ["alice2", "2", /shows it as that of "alice"/],
  ] as const) {
    it(`contradict each other about ${user} with ID ${id}`, () => {
      assert.match(compareWith(row(user, id)).contradiction ?? "", message);
    });
  }

  it("contradict each other about a session that only quser shows with a user", () => {
    const { user, ...nobody } = aSession({ id: "2", user: "alice" });
    assert.ok(user);
    const { contradiction } = compare(
      [nobody],
      readUsers({ text: tableOf(row("alice", "2")), certain: true }),
    );
    assert.match(contradiction ?? "", /session 2 of "alice .*, qwinsta\.exe shows it without a user/);
  });

  describe("when quser shows a session without a user", () => {
    const { user, ...nobody } = aSession({ id: "7", user: "alice" });
    const leftover = "                       rdp-tcp#12          7  Down";
    const compareLeftover = (session: Session, ...rows: readonly string[]): ReturnType<typeof compare> =>
      compare([...people, session], readUsers({ text: tableOf(leftover, ...rows), certain: true }));

    it("agree when qwinsta shows nobody in it either", () => {
      const { times, contradiction } = compareLeftover(nobody, row("alice", "2"));
      assert.deepEqual([[...times.keys()], contradiction], [["2"], undefined]);
    });

    it("contradict each other when qwinsta shows somebody in it", () => {
      assert.ok(user);
      assert.match(
        compareLeftover({ ...nobody, user }).contradiction ?? "",
        /^quser\.exe shows session 7 of nobody, qwinsta\.exe shows it as that of "alice"$/,
      );
    });

    it("contradict each other when qwinsta lacks it", () => {
      assert.match(
        compareWith(leftover).contradiction ?? "",
        /^quser\.exe shows session 7 of nobody, qwinsta\.exe does not$/,
      );
    });

    it("contradict each other when quser shows it twice", () => {
      for (const again of [leftover, row("bob", "7")])
        assert.match(
          compareLeftover(nobody, again).contradiction ?? "",
          /shows session 7 of (?:nobody|"bob .*") and of somebody else$/,
        );
    });
  });

  it("contradict each other about who is at the console", () => {
    const atConsole = " alice                 console             2  Active          .  22.11.2026 09:14";
    assert.match(compareWith(atConsole).contradiction ?? "", /does not show it at the console/);
    const named = [aSession({ id: "2", name: "console", kind: "console", user: "alice" })];
    const read = readUsers({ text: tableOf(atConsole), certain: true });
    assert.equal(compare(named, read).contradiction, undefined);
  });

  it("contradict each other when quser shows an ID twice or an invalid line", () => {
    assert.match(
      compareWith(row("alice", "2"), row("alice", "2")).contradiction ?? "",
      /and of somebody else/,
    );
    assert.match(compareWith(row("alice", "2"), " bob 9").contradiction ?? "", /quser\.exe printed " bob 9"/);
  });

  it("agree when quser shows fewer users, or none", () => {
    assert.equal(compareWith().contradiction, undefined);
    assert.deepEqual([...compareWith(row("dora", "5")).times.keys()], ["5"]);
  });
});

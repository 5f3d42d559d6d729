import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import { LogoffError } from "../../../provider/base/errors";
import type { ExecResult } from "../../../provider/connection";
import type { Session } from "../../../provider/session/session";
import { aSession } from "../../session/sample";

const local = windowsBackend({ label: "win-03:22" }, 850);
const relayed = windowsBackend({ label: "jump:22>win-04", server: "win-04" }, 850);

function printed(stdout: string, stderr = "", code = 0): ExecResult {
  return { code, stdout: Buffer.from(stdout, "latin1"), stderr: Buffer.from(stderr, "latin1") };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof LogoffError ? `${error.code}: ${error.message}` : String(error);
  }
  return "no error";
}

const table = [
  " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
  " services                                    0  Disc                        ",
  " rdp-tcp#3         alice                     2  Active  rdpwd               ",
  "",
].join("\r\n");
const users = [
  " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
  " alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM",
  "",
].join("\r\n");
const nobody = printed("", "No User exists for *\r\n", 1);

function list(qwinsta: ExecResult, quser: ExecResult = nobody, backend = local): readonly Session[] {
  return backend.list().parse([qwinsta, quser]);
}

describe("the commands of the Windows backend", () => {
  it("name the ID and the server", () => {
    assert.deepEqual(local.list().commands, ["qwinsta.exe", "quser.exe"]);
    assert.equal(local.logOff(aSession({ id: "12" })).command, "logoff.exe 12");
    assert.deepEqual(relayed.list().commands, ["qwinsta.exe /server:win-04", "quser.exe /server:win-04"]);
    assert.equal(relayed.logOff(aSession({ id: "12" })).command, "logoff.exe 12 /server:win-04");
  });

  for (const id of ["0", "65536", "99999", "", "1 & del", "-1", "1.5", "c1", "000001"]) {
    it(`never contain the ID "${id}"`, () => {
      assert.match(
        codeOf(() => local.logOff(aSession({ id }))),
        /^output-unrecognised: /,
      );
    });
  }
});

describe("the list of the Windows backend", () => {
  it("combines both tables", () => {
    const [, alice] = list(printed(table), printed(users));
    assert.deepEqual(
      [alice?.user, alice?.logonTime, alice?.idleMs],
      ["alice", "11/22/2026 9:14 AM", 300_000],
    );
  });

  it("does not require quser", () => {
    const [, alice] = list(printed(table));
    assert.deepEqual([alice?.user, alice?.logonTime, alice?.idleMs], ["alice", undefined, undefined]);
  });

  it("depends on the output, not on the exit code", () => {
    assert.equal(list(printed(table, "", 1)).length, 2);
  });

  it("is an error, not empty, if nothing was printed", () => {
    assert.match(
      codeOf(() => list(printed(""))),
      /^output-unrecognised: Cannot read the sessions of "win-03:22"/,
    );
    assert.match(
      codeOf(() => list(printed("", "No session exists for *\r\n", 1))),
      /^output-unrecognised: /,
    );
  });

  it("is an error if a line cannot be read or an ID occurs twice", () => {
    assert.match(
      codeOf(() => list(printed(`${table} rdp-tcp#4  x\r\n`))),
      /^output-unrecognised: .*rdp-tcp#4 x/,
    );
    const twice = table + table.split("\r\n").slice(2).join("\r\n");
    assert.match(
      codeOf(() => list(printed(twice))),
      /^output-unrecognised: .*two rows/,
    );
  });

  for (const said of ["Error 0x00000005 enumerating sessionnames\r\n", "Fehler [5]:Zugriff verweigert\r\n"]) {
    it(`reports missing rights: ${said.trim()}`, () => {
      assert.match(
        codeOf(() => list(printed("", said, 1))),
        /^permission-denied: .*Full Control/,
      );
      assert.match(
        codeOf(() => list(printed(said, "", 1))),
        /^permission-denied: /,
      );
    });
  }

  it("explains why a login by public key fails on a relay", () => {
    const denied = printed("", "Error [5]:Access is denied.\r\n", 1);
    assert.match(
      codeOf(() => list(denied, nobody, relayed)),
      /public key carries no credentials to "win-04"/,
    );
  });

  it("is an error if the login is not an administrator's, because sessions are missing", () => {
    const rows = table.split("\r\n").filter((line) => !line.includes("services"));
    assert.match(
      codeOf(() => list(printed(rows.join("\r\n")), printed(users))),
      /^permission-denied: .*"win-03:22": the login is not an administrator's: session 0 /,
    );
    // The first line of an answer that is not a table says nothing about rights.
    assert.match(
      codeOf(() => list(printed("Welcome to this system\r\n"))),
      /^output-unrecognised: /,
    );
  });

  for (const id of ["65540", "999999999"]) {
    it(`never drops a user with ID ${id}`, () => {
      const row = ` ${"rdp-tcp#5".padEnd(18)}${"bob".padEnd(22)}${id}  Active\r\n`;
      assert.match(
        codeOf(() => list(printed(table + row))),
        new RegExp(`^output-unrecognised: .*"bob" with ID ${id}, which is no user's`, "u"),
      );
    });
  }

  it("never drops a user of session 0, which is the console on very old systems", () => {
    const sessionZero = (name: string): ExecResult =>
      printed(table.replace(/^ services {11}.{19}/mu, ` ${name.padEnd(18)}${"bob".padEnd(20)}`));
    assert.match(
      codeOf(() => list(sessionZero("services"))),
      /^output-unrecognised: .*"bob" with ID 0, which is no user's/,
    );
    const [console] = list(sessionZero("console"));
    assert.deepEqual([console?.id, console?.user, console?.kind], ["0", "bob", "console"]);
  });

  it("is an error if session 0 has another name, because other names may be damaged too", () => {
    const changed = table.replace(" services ", " - rvices ");
    assert.match(
      codeOf(() => list(printed(changed))),
      /^output-unrecognised: .*names session 0 "- rvices"/,
    );
    // The name may have been lost like all the others.
    const nameless = table.replace("services", "        ");
    assert.match(
      codeOf(() => list(printed(nameless))),
      /^output-unrecognised: .*names session 0 ""/,
    );
    const console = " console                                     5  Conn    wdcon\r\n";
    assert.equal(list(printed(nameless + console)).length, 3);
  });

  it("keeps rows without a user that may block a logon", () => {
    const leftovers =
      " rdp-tcp#12                                  7  Down\r\n                                             8  Disc\r\n";
    const rows = list(printed(table + leftovers));
    assert.deepEqual(
      rows.slice(2).map(({ id, kind, user }) => [id, kind, user]),
      [
        ["7", "user", undefined],
        ["8", "user", undefined],
      ],
    );
  });

  it("keeps rows that both tables show without a user", () => {
    const down = " rdp-tcp#12                                  7  Down\r\n";
    const inQuser = "                       rdp-tcp#12          7  Down\r\n";
    const [, alice, leftover] = list(printed(table + down), printed(users + inQuser));
    assert.deepEqual([alice?.idleMs, leftover?.id, leftover?.user], [300_000, "7", undefined]);
    assert.throws(() => list(printed(table), printed(users + inQuser)), { isContradiction: true });
  });

  const bob = " bob                   rdp-tcp#5           3  Active          .  11/22/2026 9:20 AM\r\n";
  for (const [what, qwinsta] of [
    ["that was cut after the services", table.split("\r\n").slice(0, 2).join("\r\n") + "\r\n"],
    ["that lacks a line", table],
    [
      "that shows nobody in the session",
      `${table} rdp-tcp#5                                   3  Active\r\n`,
    ],
  ] as const) {
    it(`is incomplete if quser shows a session, for a table ${what}`, () => {
      const work = (): unknown => list(printed(qwinsta), printed(users + bob));
      assert.match(
        codeOf(work),
        /^output-unrecognised: .*quser\.exe shows session .*one of the two lists is incomplete/,
      );
      assert.throws(work, { isContradiction: true });
      // The exit code of quser is ignored.
      assert.throws(() => list(printed(qwinsta), printed(users + bob, "", 1)), { isContradiction: true });
    });
  }

  it("is complete if quser shows nobody or was denied", () => {
    assert.equal(list(printed(table), nobody).length, 2);
    assert.equal(list(printed(table), printed("")).length, 2);
    assert.equal(list(printed(table), printed(bob, "Error [5]:Access is denied.\r\n", 1)).length, 2);
    assert.equal(
      list(printed(table), printed("Error 0x000006BA enumerating sessionnames\r\n", "", 1)).length,
      2,
    );
  });

  it("is an error if qwinsta ended with a code other than 0 and 1, or with a signal", () => {
    assert.match(
      codeOf(() => list(printed(table, "", 3))),
      /^output-unrecognised: .*qwinsta\.exe ended with exit code 3/,
    );
    const killed = { signal: "TERM", stdout: Buffer.from(table), stderr: new Uint8Array() };
    assert.match(
      codeOf(() => list(killed)),
      /^output-unrecognised: .*qwinsta\.exe ended with signal TERM/,
    );
  });

  it("without its first column does not mark our own session, which only matters without SSH", () => {
    const unmarked = printed(table.replace(/^./gmu, ""));
    const here = windowsBackend({ label: "win-03", local: true }, 850);
    assert.equal(list(unmarked).length, 2);
    assert.match(
      codeOf(() => list(unmarked, nobody, here)),
      /^output-unrecognised: .*lacks the first column, which marks our own session/,
    );
  });

  it("blames programs that print text around the table, and Home editions only if nothing was printed", () => {
    const home = printed("", "'qwinsta.exe' is not recognized as an internal or external command\r\n", 1);
    assert.match(
      codeOf(() => list(home)),
      /Home editions/,
    );
    const message = codeOf(() => list(printed(`Hello 1\r\n${table}`)));
    assert.match(message, /Hello 1.*AutoRun registry value or a PowerShell profile/);
    assert.doesNotMatch(message, /Home/);
  });

  it("quotes the host without control characters", () => {
    const message = codeOf(() => list(printed("\u001b[2J\u0007Hello\r\n")));
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(message, /[\u0000-\u001f]/);
  });
});

describe("a session table with an error on standard error", () => {
  const complaint = "Error [5]:Access is denied.\r\n";
  for (const said of [complaint, "Error 0x00000005\r\n", "Error [1722]:RPC\r\n"]) {
    it(`is read if it is complete and the exit code is 0: ${said.trim()}`, () => {
      assert.equal(list(printed(table, said)).length, 2);
      assert.equal(list(printed(table, said), nobody, relayed).length, 2);
    });
  }

  it("is refused if it is incomplete", () => {
    const withoutServices = table
      .split("\r\n")
      .filter((line) => !line.includes("services"))
      .join("\r\n");
    for (const partial of ["", withoutServices, `${table} rdp-tcp#4  x\r\n`])
      assert.match(
        codeOf(() => list(printed(partial, complaint))),
        /^permission-denied: .*Full Control/,
      );
  });

  it("is refused with another exit code, because an error may have interrupted the table", () => {
    assert.match(
      codeOf(() => list(printed(table, complaint, 1))),
      /^permission-denied: .*Full Control/,
    );
  });
});

describe("a host that prints an error number on standard error before every command", () => {
  const complaint = "Error [5]:Access is denied.\r\n";
  const greeted = windowsBackend({ label: "win-03:22" }, 850, [], ["Error [0]:Access is denied."]);
  const said = (stdout: string, stderr = "", code = 0): ExecResult =>
    printed(stdout, `\f${complaint}${stderr}`, code);

  it("is listed, whatever the exit code", () => {
    for (const code of [0, 1]) assert.equal(list(said(table, "", code), said(users), greeted).length, 2);
  });

  it("is refused if it prints more and the table is missing", () => {
    assert.match(
      codeOf(() => list(said("", "Error [7045]:denied", 1), said(""), greeted)),
      /^permission-denied: .*: "Error \[7045\]:denied"; log in as an administrator$/,
    );
    assert.match(
      codeOf(() => list(said("", "", 1), said(""), greeted)),
      /^output-unrecognised: .*no complete session table \(/,
    );
  });

  it("is refused if quser shows a session that qwinsta lacks", () => {
    const bob = " bob                   rdp-tcp#5           3  Active          .  11/22/2026 9:20 AM\r\n";
    assert.throws(() => list(said(table), said(users + bob), greeted), { isContradiction: true });
    assert.equal(list(said(table), said(users + bob, complaint, 1), greeted).length, 2);
  });

  for (const [what, stderr, code, kind] of [
    ["nothing", "", 0, "accepted"],
    ["nothing and fails", "", 1, "refused"],
    ["a denial", complaint, 1, "denied"],
    ["an absent session", "Error [7022]:not found", 1, "absent"],
  ] as const) {
    it(`answers a logoff or a reset with what follows the error: ${what}`, () => {
      assert.equal(greeted.logOff(aSession()).parse(said("", stderr, code)).kind, kind);
      assert.equal(greeted.reset(aSession()).parse(said("", stderr, code)).kind, kind);
    });
  }

  it("shows messages and changes its logon mode", () => {
    assert.deepEqual(greeted.warn(aSession(), "Hello", 60).action?.parse(said("")), { kind: "delivered" });
    assert.doesNotThrow(() => greeted.drain("until-restart").parse(said("")));
    assert.throws(() => greeted.undrain().parse(said("", complaint, 1)), { code: "permission-denied" });
  });
});

describe("the answer to a logoff", () => {
  const action = local.logOff(aSession());
  const rows: readonly (readonly [what: string, result: ExecResult, kind: string])[] = [
    ["silence", printed(""), "accepted"],
    ["a message as with /v", printed("Logging off session ID 2\r\n"), "accepted"],
    ["7022", printed("", "Could not logoff session ID 2\r\nError [7022]:not found", 1), "absent"],
    ["7007", printed("", "Error [7007]:close pending", 1), "busy"],
    ["7024", printed("", "Fehler [7024]:", 1), "busy"],
    ["5", printed("", "Error [5]:Access is denied.", 1), "denied"],
    ["7045", printed("", "Error [7045]:", 1), "denied"],
    ["87", printed("", "Error [87]:The parameter is incorrect.", 1), "refused"],
    ["an exit code without a message", printed("", "", 1), "refused"],
    ["a signal", { signal: "KILL", stdout: new Uint8Array(), stderr: new Uint8Array() }, "refused"],
    [
      "an error with exit code 0, as from old servers,",
      printed("", "Error [5]:Access is denied.", 0),
      "denied",
    ],
  ];
  for (const [what, result, kind] of rows) {
    it(`${what} is ${kind}`, () => {
      assert.equal(action.parse(result).kind, kind);
    });
  }

  it("names a server that cannot be reached", () => {
    const answer = relayed.logOff(aSession()).parse(printed("", "Error [1722]:RPC", 1));
    assert.equal(answer.kind === "refused" && /cannot reach "win-04"/.test(answer.detail), true);
  });

  it("gives advice if the server cannot be listed", () => {
    for (const error of ["Error [1722]:RPC", "Error 0x00000721 enumerating sessionnames"]) {
      const nothing = printed("", error, 1);
      assert.throws(() => relayed.list().parse([nothing, nothing]), {
        code: "command-failed",
        message: /cannot reach "win-04" by remote procedure call.*firewall.*AllowRemoteRPC.*password/u,
      });
    }
  });
});

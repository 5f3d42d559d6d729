import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import type { ExecResult } from "../../../provider/connection";
import { LogoffError } from "../../../provider/errors";
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
  it("are these", () => {
    assert.deepEqual(local.list().commands, ["qwinsta.exe", "quser.exe"]);
    assert.deepEqual(local.listLeft().commands, ["qwinsta.exe"]);
    assert.deepEqual(relayed.listLeft().commands, ["qwinsta.exe /server:win-04"]);
    assert.equal(local.logOff(aSession({ id: "12" })).command, "logoff.exe 12");
    assert.deepEqual(relayed.list().commands, ["qwinsta.exe /server:win-04", "quser.exe /server:win-04"]);
    assert.equal(relayed.logOff(aSession({ id: "12" })).command, "logoff.exe 12 /server:win-04");
  });

  for (const id of ["0", "65536", "99999", "", "1 & del", "-1", "1.5", "c1", "000001"]) {
    it(`never hold the ID "${id}"`, () => {
      assert.match(
        codeOf(() => local.logOff(aSession({ id }))),
        /^output-unrecognised: /,
      );
    });
  }
});

describe("the list of the Windows backend", () => {
  it("asks for times after a logoff only where somebody is left", () => {
    const { more } = relayed.listLeft();
    assert.ok(more);
    assert.deepEqual(more([printed(table)]), ["quser.exe /server:win-04"]);
    assert.deepEqual(more([printed(table.replace("alice", "     "))]), []);
    assert.deepEqual(more([printed("", "Error 1", 1)]), []);
  });
  it("joins both tables", () => {
    const [, alice] = list(printed(table), printed(users));
    assert.deepEqual(
      [alice?.user, alice?.logonTime, alice?.idleMs],
      ["alice", "11/22/2026 9:14 AM", 300_000],
    );
  });

  it("does without quser", () => {
    const [, alice] = list(printed(table));
    assert.deepEqual([alice?.user, alice?.logonTime, alice?.idleMs], ["alice", undefined, undefined]);
  });

  it("looks at what was printed, not at the exit code", () => {
    assert.equal(list(printed(table, "", 1)).length, 2);
  });

  it("is an error when nothing was printed, never nobody", () => {
    assert.match(
      codeOf(() => list(printed(""))),
      /^output-unrecognised: Cannot read the sessions of "win-03:22"/,
    );
    assert.match(
      codeOf(() => list(printed("", "No session exists for *\r\n", 1))),
      /^output-unrecognised: /,
    );
  });

  it("is an error when a line cannot be read or an ID stands twice", () => {
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
    it(`tells missing rights apart: ${said.trim()}`, () => {
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

  it("explains a login by public key to whoever relays", () => {
    const denied = printed("", "Error [5]:Access is denied.\r\n", 1);
    assert.match(
      codeOf(() => list(denied, nobody, relayed)),
      /public key carries no credentials to "win-04"/,
    );
  });

  it("strips what a host prints of control characters", () => {
    const message = codeOf(() => list(printed("\u001b[2J\u0007Hello\r\n")));
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(message, /[\u0000-\u001f]/);
  });
});

describe("the answer to a logoff", () => {
  const action = local.logOff(aSession());
  const rows: readonly (readonly [what: string, result: ExecResult, kind: string])[] = [
    ["silence", printed(""), "accepted"],
    ["silence with /v like words", printed("Logging off session ID 2\r\n"), "accepted"],
    ["7022", printed("", "Could not logoff session ID 2\r\nError [7022]:not found", 1), "absent"],
    ["7007", printed("", "Error [7007]:close pending", 1), "busy"],
    ["7024", printed("", "Fehler [7024]:", 1), "busy"],
    ["5", printed("", "Error [5]:Access is denied.", 1), "denied"],
    ["7045", printed("", "Error [7045]:", 1), "denied"],
    ["87", printed("", "Error [87]:The parameter is incorrect.", 1), "refused"],
    ["an exit code and no word", printed("", "", 1), "refused"],
    ["a signal", { signal: "KILL", stdout: new Uint8Array(), stderr: new Uint8Array() }, "refused"],
    [
      "an error with exit code 0, as old servers send",
      printed("", "Error [5]:Access is denied.", 0),
      "denied",
    ],
  ];
  for (const [what, result, kind] of rows) {
    it(`${what} is ${kind}`, () => {
      assert.equal(action.parse(result).kind, kind);
    });
  }

  it("names the server that cannot be reached", () => {
    const answer = relayed.logOff(aSession()).parse(printed("", "Error [1722]:RPC", 1));
    assert.equal(answer.kind === "refused" && /cannot reach "win-04"/.test(answer.detail), true);
  });

  it("says what to look at when that server cannot be listed", () => {
    for (const error of ["Error [1722]:RPC", "Error 0x00000721 enumerating sessionnames"]) {
      const nothing = printed("", error, 1);
      assert.throws(() => relayed.list().parse([nothing, nothing]), {
        code: "command-failed",
        message: /cannot reach "win-04" by remote procedure call.*firewall.*AllowRemoteRPC.*password/u,
      });
    }
  });
});

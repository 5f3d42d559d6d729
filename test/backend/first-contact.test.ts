import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { firstContact, together, type FirstContact } from "../../provider/backend/first-contact";
import type { Query } from "../../provider/backend/backend";
import { programsIn, type Shell } from "../lab/windows/command-line";
import { runCommand, type PartTroubles } from "../lab/windows/commands";
import type { Machine } from "../lab/windows/program";
import { defaultLook } from "../lab/windows/render";
import { createWindowsModel, type ModelOptions } from "../lab/windows/windows-model";

const target = { label: "h:22" };

interface Given extends Partial<Omit<Machine, "model" | "look">>, Pick<ModelOptions, "sessions"> {
  readonly shell?: Shell;
  readonly troubles?: PartTroubles;
}

/** What a simulated host answers to the one line; undefined: it has to be asked in commands of their own. */
async function answerOf({ shell = "cmd", sessions, troubles, ...machine }: Given = {}): Promise<
  FirstContact | undefined
> {
  const unexpected: string[] = [];
  const model = createWindowsModel({ name: "rdsh01", sessions: sessions ?? [{ id: 2, user: "alice" }] });
  const query = firstContact(target, undefined, { bootId: true });
  const [line = "", ...more] = query.commands;
  assert.deepEqual(more, []);
  const context = {
    here: { model, look: defaultLook, ...machine },
    caller: { user: "admin", rights: "full-control", method: "password" } as const,
    stdin: () => Promise.resolve(Buffer.alloc(0)),
    wait: () => Promise.resolve(),
    peer: () => undefined,
    unexpected: (what: string) => unexpected.push(what),
  };
  const answer = await runCommand(line, shell, context, troubles);
  assert.deepEqual(unexpected, []);
  try {
    return query.parse([answer]);
  } catch {
    return undefined;
  }
}

function usersIn(contact: FirstContact | undefined): readonly (string | undefined)[] | undefined {
  return contact?.sessions?.flatMap(({ user }) => (user === undefined ? [] : [user]));
}

describe("the first contact in one line", () => {
  for (const shell of ["cmd", "powershell", "powershell-7"] as const) {
    const known = shell === "cmd" ? "cmd" : "powershell";
    it(`tells the code page, the shell, the sessions and the boot ID in ${shell}`, async () => {
      const contact = await answerOf({ shell });
      assert.deepEqual(contact?.detected, { platform: "windows", codePage: 437, shell: known });
      assert.deepEqual(usersIn(contact), ["alice"]);
      assert.match(String(contact.bootId), /^ShutdownTime=.*;BootId=/u);
    });

    it(`tells the same in ${shell} with Git's tools on the path`, async () => {
      const contact = await answerOf({ shell, unixTools: true });
      assert.deepEqual(contact?.detected, { platform: "windows", codePage: 437, shell: known });
      assert.deepEqual(usersIn(contact), ["alice"]);
    });

    it(`tells in ${shell} that nobody is logged on`, async () =>
      assert.deepEqual(usersIn(await answerOf({ shell, sessions: [] })), []));

    it(`is not trusted in ${shell} if a program ends with another code than 0 and 1`, async () => {
      for (const code of [2, 3, -1073741819]) {
        const contact = await answerOf({ shell, troubles: new Map([[1, { code }]]) });
        assert.deepEqual(
          [contact?.detected, contact?.sessions],
          [{ platform: "windows", codePage: 437 }, undefined],
        );
      }
    });

    it(`is not trusted in ${shell} if a program complains`, async () => {
      const denied = {
        instead: true,
        code: 1,
        stderr: "Error 0x00000005 enumerating sessionnames\r\nError [5]:Access is denied.\r\n",
      };
      for (const at of [1, 2]) {
        const contact = await answerOf({ shell, troubles: new Map([[at, denied]]) });
        assert.equal(contact?.sessions, undefined);
      }
    });
  }

  it("removes what cmd's AutoRun prints, on both streams", async () => {
    const contact = await answerOf({
      greeting: "Active code page: 65001\r\nHello, it is 9:30\r\n",
      errorGreeting: "Error [5]\r\n",
    });
    assert.deepEqual(contact?.detected, {
      platform: "windows",
      codePage: 437,
      greeting: ["Active code page: 0", "Hello, it is 0:0"],
      errorGreeting: ["Error [0]"],
      shell: "cmd",
    });
  });

  it("is asked again in commands of their own where PowerShell prints text on standard error", async () => {
    assert.equal(await answerOf({ shell: "powershell", errorGreeting: "Welcome\r\n" }), undefined);
  });

  it("is asked again in commands of their own of a Unix shell on Windows", async () => {
    for (const shell of ["git-bash", "cygwin"] as const) assert.equal(await answerOf({ shell }), undefined);
  });

  it("is asked again in commands of their own where something that looks like its beginning is printed before it", async () => {
    assert.equal(await answerOf({ greeting: "'\r\n" }), undefined);
  });

  it("is not taken for that of Linux if the shell stops before it has looked for chcp", () => {
    const query = firstContact(target, undefined, { bootId: true });
    const parse = (stdout: string): FirstContact =>
      query.parse([{ code: 1, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0) }]);
    const [, literal = ""] = /^echo '([^']*)'/u.exec(query.commands[0] ?? "") ?? [];
    const beginning = `${literal} which shell\nLinux\n---\n`;
    assert.deepEqual(parse(`${beginning}${"---\n".repeat(5)}`).detected, { platform: "linux" });
    // As csh does, which knows no variable of that name.
    assert.throws(() => parse(beginning));
    assert.throws(() => parse(`${beginning}Active code page: 437\n`));
  });

  it("is asked again in commands of their own where chcp is missing", async () => {
    for (const shell of ["cmd", "powershell"] as const)
      assert.equal(await answerOf({ shell, missingTools: ["chcp"] }), undefined);
  });

  it("leaves the boot ID open where the registry does not tell it, and is complete otherwise", async () => {
    const missing = { instead: true, code: 1, stderr: "ERROR: not found\r\n" };
    const contact = await answerOf({
      troubles: new Map([
        [3, missing],
        [4, missing],
      ]),
    });
    assert.deepEqual([usersIn(contact), contact && "bootId" in contact], [["alice"], false]);
  });

  it("is not trusted if it is cut off, or longer than it should be", () => {
    const query = firstContact(target, undefined);
    const [line = ""] = query.commands;
    assert.equal(programsIn(line, "cmd").length, 3);
    const whole = `'\r\nActive code page: 437\r\n---\r\n SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE \r\n services                                    0  Disc                        \r\n---\r\n`;
    const parse = (stdout: string): FirstContact =>
      query.parse([{ code: 0, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0) }]);
    assert.deepEqual(
      parse(`${whole}---\r\n`).sessions?.map(({ id }) => id),
      ["0"],
    );
    for (const length of [0, 1, 3, 30, 60, 150, whole.length])
      assert.throws(() => parse(whole.slice(0, length)), String(length));
    assert.throws(() => parse(`${whole}---\r\n---\r\n`));
  });

  it("is asked in commands of their own of a host that is Linux, of a server behind a host, and of this machine", () => {
    for (const query of [
      firstContact(target, "linux"),
      firstContact({ ...target, server: "s" }, undefined),
      firstContact({ ...target, local: true }, undefined),
    ]) {
      assert.ok(query.commands.length > 1);
      assert.equal(query.separately, undefined);
    }
  });
});

describe("the one line in a real shell", { skip: process.platform !== "linux" }, () => {
  const query = firstContact(target, undefined, { bootId: true });
  for (const [shell = "", ...options] of [
    ["sh"],
    ["bash"],
    ["dash"],
    ["zsh"],
    ["ksh"],
    ["mksh"],
    ["fish"],
    ["busybox", "sh"],
  ]) {
    const { status, stdout, stderr, error } = spawnSync(shell, [...options, "-c", query.commands[0] ?? ""]);
    it(shell, { skip: error === undefined ? false : `no ${shell} here` }, () =>
      assert.deepEqual(query.parse([{ code: status ?? 1, stdout, stderr }]), {
        detected: { platform: "linux" },
      }),
    );
  }

  // They end the line where it names a variable that they do not know.
  for (const shell of ["tcsh", "csh"]) {
    const { status, stdout, stderr, error } = spawnSync(shell, ["-c", query.commands[0] ?? ""]);
    it(
      `${shell}, which is asked again in commands of its own`,
      { skip: error === undefined ? false : `no ${shell} here` },
      () => {
        assert.match(stdout.toString(), /Linux/u);
        assert.throws(() => query.parse([{ code: status ?? 1, stdout, stderr }]));
      },
    );
  }
});

describe("two queries as one", () => {
  const query = (command: string, separately?: Query<string>): Query<string> => ({
    commands: [command],
    parse: ([result]) => Buffer.from(result?.stdout ?? []).toString(),
    ...(separately === undefined ? {} : { separately }),
  });

  it("are separate for both where one of them is", () => {
    const both = together(query("a", query("b")), query("c"));
    assert.deepEqual(
      [both.commands, both.separately?.commands],
      [
        ["a", "c"],
        ["b", "c"],
      ],
    );
    assert.equal(both.separately?.separately, undefined);
  });
});

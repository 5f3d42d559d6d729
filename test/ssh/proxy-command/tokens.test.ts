import fc from "fast-check";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { isNoCommand, unknownToken } from "../../../provider/base/proxy-command";
import { LogoffError } from "../../../provider/base/errors";
import { expandProxyCommand, type ProxyNames } from "../../../provider/ssh/proxy-command/tokens";

const names: ProxyNames = {
  label: "win-01:2222",
  givenName: "WIN-01",
  address: "Win-01.corp.example",
  port: 2222,
  user: "CORP\\patch",
};

describe("the tokens of a proxy command", () => {
  const rows: [command: string, onSh: string, onWindows?: string][] = [
    ["nc %h %p", "nc win-01.corp.example 2222"],
    ["nc %h:%p", "nc win-01.corp.example:2222"],
    ["ssh -W [%h]:%p -l %r jump", "ssh -W [win-01.corp.example]:2222 -l CORP\\\\patch jump", "ssh -W [win-01.corp.example]:2222 -l CORP\\patch jump"], // prettier-ignore
    ["x %n %n", "x WIN-01 WIN-01"],
    ["x %%h %%%h", "x %h %win-01.corp.example"],
    ["no tokens; $HOME", "no tokens; $HOME"],
  ];
  for (const [command, onSh, onWindows = onSh] of rows)
    it(`are replaced: ${command}`, () => {
      assert.equal(unknownToken(command), undefined);
      assert.equal(expandProxyCommand(command, names, "linux"), onSh);
      assert.equal(expandProxyCommand(command, names, "win32"), onWindows);
    });

  it("do not occur in what replaces them", () => {
    const odd = { ...names, user: "%h%%", givenName: "%p" };
    assert.equal(expandProxyCommand("x %r %n", odd, "linux"), "x %h%% %p");
  });

  const unknown: [command: string, token: string | undefined][] = [
    ["nc %h %k", "%k"],
    ["nc %H", "%H"],
    ["nc %", "%"],
    ["nc %%%", "%"],
    ["nc 100%2Fsecret", "%"],
    ["nc % h", "%"],
    ["nc %%k", undefined],
  ];
  for (const [command, token] of unknown)
    it(`are known, or named: ${command}`, () => assert.equal(unknownToken(command), token));

  it("are not used for none", () => {
    assert.deepEqual(["none", " NONE ", "none x", ""].map(isNoCommand), [true, true, false, false]);
  });
});

/** The reason for which a name is refused; undefined when it is accepted. */
function refusal(
  command: string,
  changes: Partial<ProxyNames>,
  platform: NodeJS.Platform,
): string | undefined {
  try {
    expandProxyCommand(command, { ...names, ...changes }, platform);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof LogoffError, String(thrown));
    assert.equal(thrown.code, "plan-invalid");
    assert.match(thrown.message, /^Cannot connect to "win-01:2222" through its proxy command: its /u);
    assert.ok(!thrown.message.includes("secret"), thrown.message);
    return thrown.message;
  }
}

describe("a name in a proxy command", () => {
  const everywhere = Array.from("'\"$;&<>|(){},`");
  const blanks = [" ", "\t", "\n", "\r", "\u00a0", "\u2003"];
  const controls = ["\u0000", "\u001b", "\u007f", "\u0085", "\u202e"];
  for (const letter of [...everywhere, ...blanks, ...controls])
    for (const text of [`a${letter}b`, letter, `${letter}a`, `a${letter}`])
      it(`is refused: ${JSON.stringify(text)}`, () => {
        for (const platform of ["linux", "win32"] as const) {
          assert.match(
            refusal("secret %h", { address: text }, platform) ?? "",
            /its address (contains|begins)/u,
          );
          assert.match(
            refusal("secret %n", { givenName: text }, platform) ?? "",
            /its name (contains|begins)/u,
          );
          assert.match(
            refusal("secret %r", { user: text }, platform) ?? "",
            /its user name \(`connection\.user`\) (contains|begins)/u,
          );
        }
      });

  it("is refused as an option", () => {
    for (const name of ["-", "-oProxyCommand=x", "--"]) {
      assert.match(refusal("secret %h", { address: name }, "linux") ?? "", /begins with "-"/u);
      assert.match(refusal("secret %n", { givenName: name }, "linux") ?? "", /begins with "-"/u);
      assert.match(refusal("secret %r", { user: name }, "linux") ?? "", /begins with "-"/u);
    }
    assert.equal(refusal("x %h", { address: "a-b" }, "linux"), undefined);
  });

  it("is refused on Windows alone with the letters of cmd.exe", () => {
    for (const letter of "%^!")
      for (const [command, changes] of [
        ["x %h", { address: `a${letter}` }],
        ["x %n", { givenName: `a${letter}` }],
        ["x %r", { user: `a${letter}` }],
      ] as const) {
        assert.match(refusal(command, changes, "win32") ?? "", /contains "[%^!]"/u);
        assert.equal(refusal(command, changes, "linux"), undefined);
      }
  });

  it("may contain a backslash in a user name only", () => {
    assert.match(refusal("x %h", { address: "a\\b" }, "linux") ?? "", /contains "\\"/u);
    assert.match(refusal("x %n", { givenName: "a\\b" }, "win32") ?? "", /contains "\\"/u);
    assert.equal(refusal("x %r", { user: "a\\b" }, "win32"), undefined);
    assert.match(refusal('x "%r"', { user: "a\\" }, "win32") ?? "", /contains "\\"/u);
  });

  it("is not checked if the command does not use it", () => {
    const hostile = { user: "$(touch x)", givenName: "`x`" };
    assert.equal(refusal("nc %h %p", hostile, "linux"), undefined);
    assert.equal(refusal("nc fixed", { ...hostile, address: ";" }, "win32"), undefined);
  });

  it("is one word for sh, or refused, whatever it is", () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...Array.from("ab\\$`'\";&|<>(){}, \t\n-%^!")),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(hostile, (user) => {
        if (refusal("x %r", { user }, "linux") !== undefined) return;
        const command = expandProxyCommand("printf '[%%s]' %r \"%r\"", { ...names, user }, "linux");
        const printed = execFileSync("/bin/sh", ["-c", `exec ${command}`], { encoding: "utf8" });
        assert.equal(printed, `[${user}][${user}]`);
      }),
      { numRuns: 150 },
    );
  });
});

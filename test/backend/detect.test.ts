import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { backendFor, detection } from "../../provider/backend/detect";
import type { Query } from "../../provider/backend/backend";
import { firstContact, type FirstContact } from "../../provider/backend/first-contact";
import { LogoffError } from "../../provider/base/errors";
import type { ExecResult, Platform } from "../../provider/connection";

function printed(stdout: string, code = 0, stderr = ""): ExecResult {
  return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
}

const probe = "echo which shell; uname -s";
const chcp = printed("Active code page: 437\r\n");
const notThere = printed("", 127, "chcp.com: not found");
/** What cmd.exe prints for the probe. */
const cmd = printed("which shell; uname -s\r\n");
/** What PowerShell prints for it, including the output of a `uname` on its path. */
const powershell = (system: string): ExecResult =>
  system === ""
    ? printed("which\r\nshell\r\n", 1, "uname : The term 'uname' is not recognized as the name of a cmdlet")
    : printed(`which\r\nshell\r\n${system}\n`);
const unix = (system: string): ExecResult => printed(`which shell\n${system}\n`);

/** The first contact in commands of their own. */
function separately(platform: Platform | undefined): Query<FirstContact> {
  const query = firstContact({ label: "h:22" }, platform);
  return query.separately ?? query;
}

describe("detection", () => {
  it("sends two commands that change nothing", () => {
    assert.deepEqual(detection("h:22").commands, ["chcp.com", probe]);
  });

  const windows: readonly (readonly [what: string, answer: ExecResult])[] = [
    ["cmd, even with Git's uname on the path", cmd],
    ["PowerShell", powershell("")],
    ["PowerShell with Git's uname on the path", powershell("MINGW64_NT-10.0-20348")],
  ];
  for (const [what, answer] of windows) {
    it(`recognizes Windows by ${what}`, () =>
      assert.deepEqual(detection("h:22").parse([chcp, answer]), { platform: "windows", codePage: 437 }));
  }

  const linux: readonly (readonly [what: string, answer: ExecResult])[] = [
    ["a Unix shell", unix("Linux")],
    ["output of start-up files", printed("Last login: today\nwhich shell\nLinux\n")],
    ["PowerShell on Linux", printed("which\nshell\nLinux\n")],
  ];
  for (const [what, answer] of linux) {
    it(`recognizes Linux by uname after ${what}`, () =>
      assert.deepEqual(detection("h:22").parse([notThere, answer]), { platform: "linux" }));
  }

  it("treats Linux inside Windows (WSL) as the platform that the inputs name, and does not guess", () => {
    assert.deepEqual(detection("h:22", "linux").parse([chcp, unix("Linux")]), { platform: "linux" });
    for (const said of [undefined, "windows"] as const)
      assert.throws(
        () => detection("h:22", said).parse([chcp, unix("Linux")]),
        /a Linux inside Windows \(WSL\): use `platform: linux` if .*, and make cmd.exe or PowerShell/u,
      );
  });

  const refused: readonly (readonly [what: string, results: readonly ExecResult[], message: RegExp])[] = [
    [
      "Git Bash",
      [chcp, unix("MINGW64_NT-10.0-20348")],
      /Unix shell on Windows \("MINGW64_NT-10.0-20348"\).*: make cmd.exe or PowerShell the DefaultShell/,
    ],
    ["the UCRT shell of MSYS2", [chcp, unix("UCRT64_NT-10.0-20348")], /Unix shell on Windows/],
    ["Cygwin without chcp", [notThere, unix("CYGWIN_NT-10.0")], /Unix shell on Windows/],
    [
      "a Unix shell on Windows without uname",
      [chcp, printed("which shell\n", 127)],
      /Unix shell on Windows,/,
    ],
    ["an unknown shell on Windows", [chcp, printed("[which, shell]\r\n")], /default SSH shell is unknown/],
    ["macOS", [notThere, unix("Darwin")], /its system is "Darwin"/],
    [
      "a router",
      [printed("", 1, "% Unknown\u0007command"), printed(`% Unknown command: ${probe}`, 1)],
      /neither chcp.com nor "echo which shell; uname -s" as .*: "% Unknown command"/,
    ],
    ["a host that only echoes the command", [notThere, printed(`${probe}\r\n`)], /neither/],
    [
      "cmd whose AutoRun output lacks a line break",
      [printed("Hi Active code page: 437\r\n"), printed("Hi which shell; uname -s\r\n")],
      /neither cmd's AutoRun registry value nor a PowerShell profile/,
    ],
    ["a silent host", [printed(""), printed("")], /neither/],
  ];
  for (const [what, results, message] of refused) {
    it(`refuses ${what} and says why`, () => {
      assert.throws(
        () => detection("h:22").parse(results),
        (error) =>
          error instanceof LogoffError && error.code === "unsupported-host" && message.test(error.message),
      );
    });
  }
});

describe("detection of a Windows host whose shell prints text of its own", () => {
  const autoRun = "Active code page: 65001\r\nWelcome to RDSH01\r\n\r\n";
  const greeting = ["Active code page: 0", "Welcome to RDSH0"];

  it("learns the lines before the answer, ignoring digits", () => {
    const answers = [
      printed(`${autoRun}Active code page: 850\r\n`),
      printed(`${autoRun}which shell; uname -s\r\n`),
    ];
    assert.deepEqual(detection("h:22").parse(answers), { platform: "windows", codePage: 850, greeting });
    const profile = "Loading profiles took 812ms.\r\n";
    assert.deepEqual(
      detection("h:22").parse([
        printed(`Loading profiles took 1043ms.\r\nActive code page: 437\r\n`),
        printed(`${profile}which\r\nshell\r\n`, 1),
      ]),
      { platform: "windows", codePage: 437, greeting: ["Loading profiles took 0ms."] },
    );
  });

  const complaint = "Error [5]:Access is denied.\r\n";
  const learned = ["Error [0]:Access is denied."];
  const missing = "'chcp.com' is not recognized as an internal or external command\r\n";
  for (const [what, chcpAnswer, probeAnswer] of [
    [
      "by cmd",
      printed("Active code page: 850\r\n", 0, complaint),
      printed("which shell; uname -s\r\n", 0, complaint),
    ],
    [
      "by PowerShell, without its error about uname",
      printed("Active code page: 850\r\n", 0, complaint),
      printed("which\r\nshell\r\n", 1, `${complaint}uname : The term 'uname' is not recognized\r\n`),
    ],
    ["without chcp", printed("", 1, complaint + missing), printed("which shell; uname -s\r\n", 0, complaint)],
  ] as const) {
    it(`learns the standard error output before the answer, ${what}`, () => {
      const { errorGreeting, greeting: none } = detection("h:22").parse([chcpAnswer, probeAnswer]);
      assert.deepEqual([errorGreeting, none], [learned, undefined]);
    });
  }

  it("does not learn the error of one command as a greeting", () => {
    for (const answers of [
      [printed("", 1, missing), cmd],
      [printed("", 1, missing), powershell("")],
      [chcp, powershell("")],
    ])
      assert.equal(detection("h:22").parse(answers).errorGreeting, undefined);
  });

  it("does not read the code page from it", () => {
    const answers = [
      printed(autoRun, 1, "'chcp.com' is not recognized"),
      printed(`${autoRun}which shell; uname -s\r\n`),
    ];
    assert.deepEqual(detection("h:22").parse(answers), { platform: "windows", greeting });
    const motd = "Ubuntu, built in 2019\n";
    assert.deepEqual(detection("h:22").parse([printed(motd, 127), printed(`${motd}which shell\nLinux\n`)]), {
      platform: "linux",
    });
  });

  for (const [what, noise] of [
    ["a form feed", "\f"],
    ["escape sequences", "\u001b[2J\u001b[H\u001b]0;title\u0007"],
    ["escape sequences on a line of their own", "\u001b[32m\r\n\u001b[0m"],
  ] as const) {
    it(`ignores ${what}`, () => {
      const answers = [chcp, cmd].map(({ stdout }) => printed(noise + Buffer.from(stdout).toString()));
      assert.deepEqual(detection("h:22").parse(answers), { platform: "windows", codePage: 437 });
    });
  }

  it("removes its greeting from the first listing", () => {
    const rows = [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
      " services                                    0  Disc                        ",
      " rdp-tcp#3         alice                     2  Active                      ",
      "",
    ].join("\r\n");
    const outputs = ["Active code page: 850\r\n", "which shell; uname -s\r\n", rows, ""];
    const { sessions } = separately(undefined).parse(outputs.map((text) => printed(`\f${autoRun}${text}`)));
    assert.deepEqual(
      sessions?.map(({ id, user }) => [id, user]),
      [
        ["0", undefined],
        ["2", "alice"],
      ],
    );
  });
});

describe("detection without a code page", () => {
  const silent: readonly (readonly [what: string, answer: ExecResult])[] = [
    ["answers 0", printed("Active code page: 0\r\n")],
    ["answers nothing", printed("")],
    ["is missing", printed("", 1, "'chcp.com' is not recognized as an internal or external command")],
  ];
  for (const [what, answer] of silent) {
    for (const [shell, probed] of [
      ["cmd", cmd],
      ["PowerShell", powershell("")],
      ["PowerShell with Git's uname", powershell("MINGW64_NT-10.0-20348")],
    ] as const) {
      it(`recognizes Windows by ${shell} if chcp ${what}, and warns`, () => {
        const detected = detection("h:22").parse([answer, probed]);
        assert.deepEqual(detected, { platform: "windows" });
        const [warning] = backendFor(detected, { label: "h:22" }).caveats({
          states: undefined,
          drain: "none",
        });
        assert.match(warning ?? "", /^The code page of the host is unknown.*`sessions\.users`/);
      });
    }
  }

  it("warns only about a code page that cannot be decoded", () => {
    const caveats = (codePage: number): readonly string[] =>
      backendFor({ platform: "windows", codePage }, { label: "h:22" }).caveats({
        states: undefined,
        drain: "none",
      });
    assert.equal(caveats(12345).length, 1);
    assert.deepEqual(caveats(850), []);
  });

  it("does not mistake PowerShell on another system for Windows", () => {
    assert.throws(() => detection("h:22").parse([notThere, powershell("Darwin")]), /its system is "Darwin"/);
  });
});

describe("the probe in a real shell", { skip: process.platform !== "linux" }, () => {
  for (const shell of ["sh", "bash", "dash", "zsh", "ksh", "tcsh", "csh", "fish"]) {
    const { status, stdout, stderr, error } = spawnSync(shell, ["-c", probe]);
    const skip = error === undefined ? false : `no ${shell} here`;
    it(shell, { skip }, () => {
      const answer = { code: status ?? 1, stdout, stderr };
      assert.deepEqual(detection("h:22").parse([notThere, answer]), { platform: "linux" });
    });
  }
});

describe("the first contact in commands of their own", () => {
  const table = [
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
    " services                                    0  Disc                        ",
    " rdp-tcp#3         alice                     2  Active                      ",
    "",
  ].join("\r\n");
  const unknown = printed("", 127, "not found");

  it("detects and lists a Windows host in one exchange", () => {
    const query = separately(undefined);
    assert.deepEqual(query.commands, ["chcp.com", probe, "qwinsta.exe", "quser.exe"]);
    const { detected, sessions } = query.parse([chcp, cmd, printed(table), printed("", 1)]);
    assert.deepEqual([detected.platform, sessions?.map(({ id }) => id)], ["windows", ["0", "2"]]);
  });

  it("leaves the listing of a Linux host to the next exchange, unless the inputs name the platform", () => {
    const query = separately(undefined);
    assert.deepEqual(query.parse([unknown, unix("Linux"), unknown, unknown]), {
      detected: { platform: "linux" },
    });
    const said = separately("linux");
    assert.equal(said.commands.length, 3);
    assert.match(said.commands[2] ?? "", /loginctl/);
  });

  it("does not list through /server:", () => {
    assert.deepEqual(firstContact({ label: "h:22>s", server: "s" }, "windows").commands, ["chcp.com", probe]);
  });

  it("refuses a host whose platform differs from the inputs", () => {
    assert.throws(
      () => separately("windows").parse([unknown, unix("Linux"), unknown, unknown]),
      /it is "linux", but `platform: windows` is set/,
    );
  });

  it("treats Linux inside Windows as Linux if the inputs do", () => {
    const query = separately("linux");
    assert.equal(query.parse([chcp, unix("Linux"), unknown]).detected.platform, "linux");
  });

  it("reads no table from an unsupported host", () => {
    assert.throws(
      () => separately(undefined).parse([chcp, unix("MSYS_NT"), unknown, unknown]),
      (error) => error instanceof LogoffError && error.code === "unsupported-host",
    );
  });
});

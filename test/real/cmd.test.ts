import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import * as iconv from "iconv-lite";
import { isRestarted } from "../../provider/backend/boot-id";
import { detection } from "../../provider/backend/detect";
import { windowsBackend } from "../../provider/backend/windows/backend";
import { systemClock } from "../../provider/base/clock";
import { KeyedMutex } from "../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../provider/base/connection-slots";
import type { ExecResult } from "../../provider/connection";
import { readPlan } from "../../provider/plan/read-plan";
import { undrainEveryHost } from "../../provider/run/undrain/undrain";
import { openSsh } from "../../provider/ssh/open-ssh";
import { startLab, type Lab } from "../lab/lab";
import { startWineHost, type WineHost, type WineSession } from "../lab/wine/wine-host";
import { addressOf, keyLogin, outcomesOf, passwordLogin, runOne, runOnLab } from "../scenario/lab-run";

/** The commands of all tests, for the last one, which says whether any kind of ours is missing. */
const sent: string[] = [];

/** Defines a test against a host whose command lines Wine's cmd.exe reads; skipped, with the reason, if there is none. */
function onWine(
  name: string,
  sessions: readonly WineSession[],
  work: (host: WineHost, lab: Lab) => Promise<void>,
): void {
  it(name, { timeout: 120_000 }, async (test) => {
    const host = await startWineHost(sessions);
    if ("unavailable" in host) {
      test.skip(`no cmd.exe that is not ours: ${host.unavailable}`);
      return;
    }
    try {
      const lab = await startLab({ hosts: [{ name: "a", ssh: { executor: host.executor } }] });
      try {
        await work(host, lab);
      } finally {
        sent.push(...lab.host("a").commandTexts());
        await lab.close();
      }
    } finally {
      host.stop();
    }
  });
}

function bytes850(text: string): Buffer {
  return iconv.encode(text, "cp850");
}

/** A user with everything that cmd gives a meaning, and a letter outside ASCII. */
const odd = 'jörg & co%path%^">';

const people: readonly WineSession[] = [
  { id: 2, name: "rdp-tcp#0", user: "alice" },
  { id: 3, name: "rdp-tcp#1", user: bytes850(odd), idle: "1:05" },
  { id: 4, user: "svc-backup", state: "Disc", idle: "none" },
];
const exceptServices = { all: true, except: { users: ["svc-*"] } };
const windowsKey = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Windows`;
const setShutdownTime = (hex: string): string =>
  `reg.exe add "${windowsKey}" /v ShutdownTime /t REG_BINARY /d ${hex} /f`;

describe("runs through Wine's cmd.exe", () => {
  const text = 'Restart in {minutes} min, {user}: grüße & "x" > %PATH% ^ | <y> ! äöüß';
  const shown = (user: string): Buffer =>
    bytes850(`Restart in 1 min, ${user}: grüße & "x" > %PATH% ^ | <y> ! äöüß`);

  onWine("drain, warn, log off and undrain, with every byte intact", people, async (host, lab) => {
    await host.run(setShutdownTime("9C5F31A2B4D7DB01"));
    const report = await runOne(lab, {
      sessions: exceptServices,
      drain: "until-restart",
      warn: { message: text, gracePeriod: 1 },
    });
    assert.deepEqual(
      [report.error?.message ?? report.status, report.drained, report.bootId],
      ["ok", "until-restart", "ShutdownTime=9C5F31A2B4D7DB01"],
    );
    assert.deepEqual(outcomesOf(report), ["2 logged-off", "3 logged-off", "4 kept excepted"]);
    assert.deepEqual(report.warnings, []);
    const users = report.sessions.map(({ session }) => session.user);
    assert.ok(users.includes(odd), users.join());
    assert.deepEqual(
      [host.messages(2), host.messages(3), host.messages(4)],
      [[shown("alice")], [shown(odd)], []],
    );
    const deeds = host.deeds();
    assert.equal(deeds[0], "drain 1");
    assert.deepEqual([...deeds.slice(1)].sort(), [
      "logoff . 2",
      "logoff . 3",
      "message . 2 1",
      "message . 3 1",
    ]);

    const { plan } = readPlan({
      hosts: lab.hosts.map(addressOf),
      sessions: { all: true },
      connection: keyLogin(lab),
    });
    assert.ok(plan);
    const opened = await undrainEveryHost(plan, null, {
      connect: openSsh({ baseFolder: tmpdir(), env: {} }).connect,
      clock: systemClock,
      slots: new ConnectionSlots(unlimitedFiles),
      turns: new KeyedMutex(),
      onProgress: () => undefined,
    });
    assert.deepEqual(
      opened.hosts.map(({ error, drained }) => error?.message ?? drained),
      ["undrained"],
    );
    assert.equal(host.deeds().at(-1), "drain 0");
  });

  onWine("take one line for the first contact, and one for each later listing", people, async (host, lab) => {
    await host.run(setShutdownTime("9C5F31A2B4D7DB01"));
    const report = await runOne(lab, { sessions: { users: ["alice"] } });
    assert.deepEqual([report.error?.message ?? report.status, report.warnings], ["ok", []]);
    const [first = "", ...later] = lab.host("a").commandTexts();
    assert.match(first, /^echo '& chcp\.com .*qwinsta\.exe .*quser\.exe .*ShutdownTime.*BootId/u);
    const separate = later.filter((command) =>
      /^(?:qwinsta|quser)\.exe(?: \/server:\S+)?$|^chcp\.com$/u.test(command),
    );
    assert.deepEqual(separate, [], "a line was not answered as expected");
    assert.deepEqual(host.deeds(), ["logoff . 2"]);
  });

  onWine("tell a restart by the boot ID of a real reg.exe", people, async (host, lab) => {
    const noRun = { sessions: { users: ["nobody"] } };
    await host.run(setShutdownTime("9C5F31A2B4D7DB01"));
    const before = (await runOne(lab, noRun)).bootId;
    await host.run(setShutdownTime("00112233B4D7DB01"));
    const now = (await runOne(lab, noRun)).bootId;
    assert.deepEqual([before, now], ["ShutdownTime=9C5F31A2B4D7DB01", "ShutdownTime=00112233B4D7DB01"]);
    assert.equal(isRestarted(before ?? "", now ?? ""), true);
    assert.deepEqual(host.deeds(), []);
  });

  const stuck: WineSession = {
    id: 2,
    name: "rdp-tcp#0",
    user: "alice",
    onLogoff: "stuck",
    programs: ["csrss.exe", "dwm.exe", "my app (2) & co.exe"],
  };
  onWine("name the programs of a session that hangs, and reset it", [stuck], async (host, lab) => {
    const failed = await runOne(lab, { timeouts: { logoff: 1 }, drain: "until-destroy" });
    assert.deepEqual([failed.status, failed.drained], ["failed", "undrained"]);
    assert.match(failed.error?.message ?? "", /session 2 \(alice\).*still running: my app \(2\) & co\.exe/u);
    assert.deepEqual(
      host.deeds().filter((deed) => deed.startsWith("drain")),
      ["drain 2", "drain 0"],
    );
    const reset = await runOne(lab, { timeouts: { logoff: 1 }, ifStuck: "reset" });
    assert.equal(reset.error?.message ?? reset.status, "ok");
    assert.equal(host.deeds().at(-1), "reset . 2");
  });

  const behind: readonly WineSession[] = [
    { id: 2, name: "rdp-tcp#0", user: "operator" },
    { server: "rdsh1", id: 2, name: "rdp-tcp#0", user: "alice" },
    { server: "rdsh2", id: 3, name: "rdp-tcp#1", user: bytes850("señor") },
  ];
  onWine("act on two servers behind a host", behind, async (host, lab) => {
    const { report } = await runOnLab(lab, {
      hosts: ["rdsh1", "rdsh2"].map((server) => ({ host: addressOf(lab.host("a")), server })),
      connection: passwordLogin(lab),
      warn: { message: "{user}?", gracePeriod: 1 },
    });
    assert.deepEqual(
      report.hosts.map(({ status, error }) => error?.message ?? status),
      ["ok", "ok"],
    );
    assert.deepEqual([...host.deeds()].sort(), [
      "logoff rdsh1 2",
      "logoff rdsh2 3",
      "message rdsh1 2 1",
      "message rdsh2 3 1",
    ]);
    assert.deepEqual(host.messages(3), [bytes850("señor?")]);
  });

  it("start every program that we know", (test) => {
    if (sent.length === 0) {
      test.skip("no run was made");
      return;
    }
    const programs = new Set(sent.flatMap((line) => line.match(/\b[a-z]+\.(?:exe|com)\b/gu) ?? []));
    assert.deepEqual(
      [...programs].sort(),
      [
        ...["chcp.com", "chglogon.exe", "logoff.exe", "msg.exe", "qprocess.exe"],
        ...["quser.exe", "qwinsta.exe", "reg.exe", "rwinsta.exe"],
      ],
      "a program of ours is never started, or one is new",
    );
  });
});

describe("command lines that Wine's cmd.exe reads", () => {
  /** What a line prints on standard output, with `·` for a blank at the end of a line. */
  const printed = async (host: WineHost, line: string): Promise<readonly string[]> => {
    const { stdout } = await host.run(line);
    const lines = iconv.decode(stdout, "cp850").split("\r\n");
    return lines.slice(0, -1).map((one) => one.replace(/ +$/u, "·"));
  };

  onWine("answer our detection", people, async (host) => {
    const query = detection("a");
    const results = await Promise.all(query.commands.map((command) => host.run(command)));
    assert.deepEqual(query.parse(results), { platform: "windows", codePage: 850 });
  });

  onWine("ask all at once, with a line between the answers", people, async (host) => {
    await host.run(setShutdownTime("9C5F31A2B4D7DB01"));
    const shutdownTime = `reg.exe query "${windowsKey}" /v ShutdownTime`;
    const tools = ["chcp.com", "qwinsta.exe", "quser.exe", shutdownTime];
    const line = `echo '& ${tools.join(" & echo --- & ")} & rem ' which shell; uname -s; ${tools.join("; echo ---; ")}`;
    const { stdout, stderr } = await host.run(line);
    assert.equal(stderr.toString("latin1"), "");
    const [first = "", second = "", third = "", fourth = "", ...more] = stdout
      .toString("latin1")
      .split("--- \r\n");
    // Windows' echo prints the blank before `&`; Wine's may not.
    assert.match(first, /^' ?\r\nActive code page: 850\r\n$/u);
    assert.match(
      fourth,
      /^\r\nHKEY_LOCAL_MACHINE.*\r\n +ShutdownTime +REG_BINARY +9C5F31A2B4D7DB01\r\n\r\n$/u,
    );
    assert.deepEqual(more, []);
    const answer = (text: string): ExecResult => ({
      code: 0,
      stdout: Buffer.from(text, "latin1"),
      stderr: Buffer.alloc(0),
    });
    const listed = windowsBackend({ label: "a" }, 850)
      .list()
      .parse([answer(second), answer(third)]);
    assert.deepEqual(
      listed.map(({ id, user, idleMs }) => `${id} ${user ?? "-"} ${idleMs ?? "-"}`),
      ["0 - -", "1 - -", "2 alice 0", `3 ${odd} 3900000`, "4 svc-backup 0", "65536 - -"],
    );
  });

  onWine("keep the order of two lists in one line", people, async (host) => {
    const both = await printed(host, "qwinsta.exe & echo --- & quser.exe");
    const alone = [await printed(host, "qwinsta.exe"), await printed(host, "quser.exe")];
    assert.deepEqual(both, [...alone.flat().slice(0, alone[0]?.length), "---·", ...(alone[1] ?? [])]);
  });

  onWine("can carry the exit code of a tool that is not the last one", people, async (host) => {
    // The parentheses keep what follows out of the last `else`. `quser /x` fails with 1, and cmd.exe ends with any code.
    const word = "(if errorlevel 2 (echo 2) else if errorlevel 0 (echo 0) else echo 2)";
    for (const [first, byLevel, byCall] of [
      ["qwinsta.exe >nul", "0", "0"],
      ["quser.exe /x 2>nul", "0", "1"],
      ["cmd.exe /c exit 2", "2", "2"],
      ["cmd.exe /c exit 255", "2", "255"],
      ["cmd.exe /c exit -1", "2", "-1"],
      ["cmd.exe /c exit -1073741510", "2", "-1073741510"],
    ] as const) {
      const after = "echo --- & chcp.com";
      assert.deepEqual(
        [
          await printed(host, `${first} & ${word} & ${after}`),
          await printed(host, `${first} & call echo %^errorlevel%& ${after}`),
        ],
        [
          [byLevel, "---·", "Active code page: 850"],
          [byCall, "---·", "Active code page: 850"],
        ],
        first,
      );
    }
  });

  onWine("end with the exit code of the last tool", people, async (host) => {
    for (const [line, code] of [
      ["qwinsta.exe & quser.exe", 0],
      ["qwinsta.exe & logoff.exe 9", 1],
      ["logoff.exe 9 & qwinsta.exe", 0],
      ["logoff.exe 9 & rem x & qwinsta.exe", 1],
    ] as const)
      assert.equal((await host.run(line)).code, code, line);
  });

  onWine("give a program its input, and an end of it if there is none", people, async (host) => {
    const all = Buffer.from(Array.from({ length: 255 }, (_, byte) => byte + 1));
    assert.equal((await host.run("msg.exe 2 /time:5", all)).code, 0);
    assert.equal((await host.run("msg.exe 2 /time:5")).code, 0);
    assert.equal((await host.run("msg.exe 2 /time:5", Buffer.concat([all, all]))).code, 1);
    assert.deepEqual(host.messages(2), [all, Buffer.alloc(0)]);
  });
});

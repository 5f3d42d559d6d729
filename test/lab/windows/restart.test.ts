import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manualClock } from "../clock";
import { runCommand } from "./commands";
import type { Rights } from "./program";
import { defaultLook } from "./render";
import { createWindowsModel, type LabDrainMode, type WindowsModel } from "./windows-model";

const windows = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Windows";
const prefetch =
  "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters";
const askShutdownTime = `reg.exe query "${windows}" /v ShutdownTime`;
const askBootId = `reg.exe query "${prefetch}" /v BootId`;

interface Host {
  readonly run: (command: string) => Promise<readonly [code: number, stdout: string, stderr: string]>;
  readonly unexpected: readonly string[];
  /** The delay of every restart that the host agreed to, in milliseconds. */
  readonly asked: readonly number[];
}

/** The programs of a host with a plan for its restart, which takes one restart only. */
function hostOf(
  model: WindowsModel,
  setting: { readonly rights?: Rights; readonly hasPlan?: boolean } = {},
): Host {
  const unexpected: string[] = [];
  const asked: number[] = [];
  const shutDown = (afterMs: number): boolean => asked.length === 0 && asked.push(afterMs) > 0;
  const run: Host["run"] = async (command) => {
    const { code, stdout, stderr } = await runCommand(command, "cmd", {
      here: { model, look: defaultLook, ...(setting.hasPlan === false ? {} : { shutDown }) },
      caller: { user: "admin", rights: setting.rights ?? "full-control", method: "password" },
      stdin: () => Promise.resolve(Buffer.alloc(0)),
      wait: () => Promise.resolve(),
      peer: () => undefined,
      unexpected: (what) => void unexpected.push(what),
    });
    return [code, stdout.toString(), stderr.toString()];
  };
  return { run, unexpected, asked };
}

describe("the boot IDs of a host", () => {
  it("both change with a restart, and only the counter with a hard reset", () => {
    const model = createWindowsModel({ name: "rdsh01", clock: manualClock() });
    const first = model.bootIds();
    assert.match(first.shutdownTime ?? "", /^[0-9A-F]{16}$/u);
    assert.equal(first.bootId, 0x2f);
    model.reboot();
    const second = model.bootIds();
    assert.notEqual(second.shutdownTime, first.shutdownTime);
    assert.equal(second.bootId, 0x30);
    model.reboot({ hard: true });
    assert.deepEqual(model.bootIds(), { ...second, bootId: 0x31 });
  });

  it("are a time of today's kind in the order of its bytes, which differs between hosts", () => {
    const [one, other] = ["rdsh01", "rdsh02"].map(
      (name) => createWindowsModel({ name }).bootIds().shutdownTime ?? "",
    );
    assert.notEqual(one, other);
    const ticks = Buffer.from(one ?? "", "hex").readBigUInt64LE();
    assert.equal(new Date(Number(ticks / 10_000n) - 11_644_473_600_000).getUTCFullYear(), 2025);
  });

  it("are printed as reg.exe prints them", async () => {
    const bootIds = { shutdownTime: "9C5F31A2B4D7DB01", bootId: 0x2f };
    const { run, unexpected } = hostOf(createWindowsModel({ name: "rdsh01", bootIds }));
    const full = (key: string): string => key.replace("HKLM", "HKEY_LOCAL_MACHINE");
    assert.deepEqual(await run(askShutdownTime), [
      0,
      `\r\n${full(windows)}\r\n    ShutdownTime    REG_BINARY    9C5F31A2B4D7DB01\r\n\r\n`,
      "",
    ]);
    assert.deepEqual(await run(askBootId), [
      0,
      `\r\n${full(prefetch)}\r\n    BootId    REG_DWORD    0x2f\r\n\r\n`,
      "",
    ]);
    assert.deepEqual(unexpected, []);
  });

  it("may be missing, also after a restart", async () => {
    for (const [bootIds, command] of [
      [{ shutdownTime: null }, askShutdownTime],
      [{ bootId: null }, askBootId],
    ] as const) {
      const model = createWindowsModel({ name: "rdsh01", bootIds });
      const { run, unexpected } = hostOf(model);
      for (const restart of [() => undefined, () => model.reboot()]) {
        restart();
        const [code, stdout, stderr] = await run(command);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, /ERROR/u);
      }
      assert.deepEqual(unexpected, []);
    }
  });

  it("are asked for by these names only", async () => {
    const { run, unexpected } = hostOf(createWindowsModel({ name: "rdsh01" }));
    await run(`reg.exe query "${windows}" /v BootId`);
    assert.equal(unexpected.length, 1);
  });
});

describe("a host that has restarted", () => {
  it("has nobody logged on, and counts sessions from the beginning", () => {
    const sessions = [{ user: "alice" }, { user: "bob", id: 9 }];
    const model = createWindowsModel({ name: "rdsh01", sessions, console: { user: "carol" } });
    model.reboot();
    assert.deepEqual(
      model.sessions().map(({ id, name, user }) => [id, name, user]),
      [
        [0, "services", null],
        [1, "console", null],
        [65536, "rdp-tcp", null],
      ],
    );
    assert.deepEqual(
      model.departures().map(({ user, by }) => [user, by]),
      [
        ["carol", "reboot"],
        ["alice", "reboot"],
        ["bob", "reboot"],
      ],
    );
    const { id, name } = model.logon({ user: "dora" });
    assert.deepEqual([id, name], [2, "rdp-tcp#0"]);
  });

  it("has no listener for a while, and takes no logons until then", () => {
    const clock = manualClock();
    const model = createWindowsModel({ name: "rdsh01", clock, listenersAfterMs: 100 });
    assert.ok(model.session(65536), "the option is about restarts");
    model.reboot();
    assert.deepEqual([model.session(65536), model.takesLogons()], [undefined, false]);
    assert.deepEqual(
      model.sessions().map(({ state }) => state),
      ["disconnected", "connected"],
    );
    assert.throws(() => model.logon({ user: "alice" }), /rdsh01 has no listener yet/u);
    clock.advance(100);
    assert.deepEqual([model.session(65536)?.state, model.takesLogons()], ["listen", true]);
    assert.equal(model.logon({ user: "alice" }).user, "alice");
    model.reboot({ listenersAfterMs: 0 });
    assert.equal(model.takesLogons(), true);
  });

  it("is open again only if it was drained until the restart", () => {
    for (const [before, after] of [
      ["until-restart", "open"],
      ["drain", "drain"],
      ["disabled", "disabled"],
    ] as const) {
      const model = createWindowsModel({ name: "rdsh01", drain: before });
      model.reboot();
      assert.equal(model.drain(), after);
    }
  });

  it("is never open in between if somebody else closes it while it starts", () => {
    const seen: LabDrainMode[] = [];
    const onDrainChange = (mode: LabDrainMode): void => void seen.push(mode);
    const model = createWindowsModel({ name: "rdsh01", onDrainChange });
    model.setDrain("until-restart");
    model.reboot({ drain: "disabled" });
    assert.deepEqual(seen, ["until-restart", "disabled"]);
    assert.deepEqual([model.drain(), model.drainHistory()], ["disabled", seen]);
    model.setDrain("until-restart");
    model.reboot();
    assert.deepEqual(seen.slice(2), ["until-restart", "open"]);
  });
});

describe("shutdown", () => {
  it("restarts the host after the seconds that are given, or 30", async () => {
    for (const [command, ms] of [
      ["shutdown /r", 30_000],
      ["shutdown.exe /r /t 0", 0],
      ["C:\\Windows\\System32\\shutdown.exe -r -t 5", 5000],
      ['SHUTDOWN.EXE /R /F /T 60 /D p:2:17 /C "Updates of November"', 60_000],
      ["shutdown /t 315360000 /d u:4:5 /r", 315_360_000_000],
    ] as const) {
      const host = hostOf(createWindowsModel({ name: "rdsh01" }));
      assert.deepEqual(await host.run(command), [0, "", ""], command);
      assert.deepEqual([host.asked, host.unexpected], [[ms], []], command);
    }
  });

  it("is refused while another one is under way, and without the right to it", async () => {
    const { run, asked } = hostOf(createWindowsModel({ name: "rdsh01" }));
    await run("shutdown /r /t 60");
    assert.deepEqual(await run("shutdown /r /t 0"), [
      1190,
      "",
      "A system shutdown has already been scheduled.(1190)\r\n",
    ]);
    assert.deepEqual(asked, [60_000]);
    for (const rights of ["query-only", "own-sessions", "none"] as const) {
      const host = hostOf(createWindowsModel({ name: "rdsh01" }), { rights });
      assert.deepEqual(await host.run("shutdown /r"), [5, "", "Access is denied.(5)\r\n"]);
      assert.deepEqual([host.asked, host.unexpected], [[], []]);
    }
  });

  it("is unexpected in every other form", async () => {
    for (const args of [
      "",
      "/t 0",
      "/s /t 0",
      "/r /t",
      "/r /t x",
      "/r /t:0",
      "/r /t 315360001",
      "/r /m \\\\rdsh02",
      "/r /d 2",
      `/r /c ${"x".repeat(513)}`,
      "/r now",
      "/a",
    ]) {
      const host = hostOf(createWindowsModel({ name: "rdsh01" }));
      const [code] = await host.run(`shutdown ${args}`.trim());
      assert.deepEqual([code, host.unexpected.length, host.asked], [1, 1, []], args);
    }
  });

  it("is not scripted on a host without a plan for it", async () => {
    const { run, unexpected } = hostOf(createWindowsModel({ name: "rdsh01" }), { hasPlan: false });
    const [code, , stderr] = await run("shutdown /r /t 0");
    assert.deepEqual([code, unexpected.length], [1, 1]);
    assert.match(stderr, /'shutdown' is not recognized/u);
  });
});

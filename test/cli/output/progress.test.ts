import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { helpText } from "../../../provider/cli/arguments/help";
import { progressView } from "../../../provider/cli/output/progress";
import type { World } from "../../../provider/cli/world";
import type { HostReport } from "../../../provider/report/report";
import { anonymized } from "../../../provider/run/anonymize";
import { hostReport, session } from "../../report/sample";

/** A view with a clock that advances only when `pass` is called. */
function scene(hosts: number, over: Partial<Parameters<typeof progressView>[1]> = {}, isTTY = false) {
  let nowMs = 0;
  let text = "";
  const world = {
    stdin: new PassThrough(),
    stderr: { write: (part: string) => (text += part), isTTY, columns: 200 },
    env: { NO_COLOR: "1" },
    clock: {
      now: () => nowMs,
      date: () => new Date(0),
      after: () => () => undefined,
      sleep: () => Promise.resolve(),
    },
  } as unknown as World;
  const view = progressView(world, {
    hosts,
    quiet: false,
    verbose: false,
    looking: false,
    withMessages: true,
    ...over,
  });
  const finish = (host: string, change: Partial<HostReport> = {}): void => {
    view.onProgress({ type: "host-started", host });
    view.onProgress({ type: "session-logoff-sent", host, session: session() });
    view.onProgress({ type: "host-finished", host, report: hostReport({ host, ...change }) });
  };
  return {
    ...view,
    finish,
    pass: (ms: number) => (nowMs += ms),
    lines: () => text.split("\n").slice(0, -1),
    /** The text on the terminal's last line. */
    bar: () => text.split("\r\u001b[K").at(-1),
  };
}

const stuck = { status: "failed", error: { code: "session-stuck", message: "still there" } } as const;

describe("the progress", () => {
  it("of a few hosts prints every step after the host's name", () => {
    const { finish, lines } = scene(2);
    finish("a:22");
    finish("b:22", stuck);
    assert.deepEqual(lines(), [
      "a:22  logging off 2 (alice)",
      "a:22  done",
      "b:22  logging off 2 (alice)",
      "b:22  failed: session-stuck: still there",
    ]);
  });

  it("of many hosts prints failures, and a count every few seconds", () => {
    const { finish, lines, pass, onProgress } = scene(1000);
    onProgress({ type: "run-started", hosts: 1000 });
    for (let index = 0; index < 400; index += 1) finish(`h${index}:22`);
    finish("bad:22", stuck);
    pass(5000);
    finish("late:22");
    onProgress({ type: "run-finished" });
    assert.deepEqual(lines(), [
      "bad:22  failed: session-stuck: still there",
      "400 of 1000 hosts done, 1 not done, 0 sessions logged off",
      "401 of 1000 hosts done, 1 not done, 0 sessions logged off",
    ]);
  });

  const lost = (host: string) =>
    ({ status: "failed", error: { code: "host-unreachable", message: `Lost "${host}"` } }) as const;

  it("of many hosts prints a shared error once, and at the end the number of other hosts with it", () => {
    const { finish, lines, onProgress } = scene(1000);
    onProgress({ type: "run-started", hosts: 1000 });
    for (let index = 0; index < 998; index += 1) finish(`h${index}:22`, lost(`h${index}:22`));
    finish("bad:22", stuck);
    finish("good:22");
    onProgress({ type: "run-finished" });
    assert.deepEqual(lines(), [
      'h0:22  failed: host-unreachable: Lost "h0:22"',
      "bad:22  failed: session-stuck: still there",
      "997 more hosts  failed: host-unreachable, as on h0:22",
      "1 of 1000 hosts done, 999 not done, 0 sessions logged off",
    ]);
  });

  it("of a few hosts prints a line for each failure, and a shared message once", () => {
    const { finish, lines, onProgress } = scene(2);
    finish("a:22", lost("a:22"));
    finish("b:22", lost("b:22"));
    onProgress({ type: "run-finished" });
    assert.deepEqual(
      lines().filter((line) => line.includes("failed")),
      ['a:22  failed: host-unreachable: Lost "a:22"', "b:22  failed: host-unreachable, as on a:22"],
    );
  });

  it("of a read-only run prints only failures", () => {
    const { finish, lines, onProgress } = scene(2, { looking: true });
    finish("a:22");
    finish("b:22", stuck);
    onProgress({ type: "run-finished" });
    assert.deepEqual(lines(), ["b:22  failed: session-stuck: still there"]);
  });

  it("prints every step of many hosts with /v", () => {
    const { finish, lines } = scene(1000, { verbose: true });
    finish("a:22");
    assert.deepEqual(lines(), ["a:22  logging off 2 (alice)", "a:22  done"]);
  });

  it("is silent with --quiet", () => {
    const { finish, lines } = scene(2, { quiet: true });
    finish("a:22", stuck);
    assert.deepEqual(lines(), []);
  });

  it("counts a host as at work from its start to its end, contacted or not", () => {
    const { onProgress, say, bar, end } = scene(4, {}, true);
    onProgress({ type: "run-started", hosts: 4 });
    for (const host of ["a:22", "b:22", "c:22"]) onProgress({ type: "host-started", host });
    for (const [host, contacted] of [
      ["a:22", false],
      ["d:22", true],
    ] as const)
      onProgress({ type: "host-finished", host, report: hostReport({ host, contacted, status: "skipped" }) });
    say("x");
    assert.match(bar() ?? "", /0 of 4 hosts done, 2 not done, .*, 2 at work,/u);
    end();
  });

  it("prints an unchanged wait once", () => {
    const { onProgress, lines, pass } = scene(1);
    const waiting = { type: "host-waiting", host: "a:22", sessions: [session()] } as const;
    for (let times = 0; times < 5; times += 1) onProgress(waiting);
    assert.equal(lines().length, 1);
    pass(30_000);
    onProgress(waiting);
    assert.equal(lines().length, 2);
  });

  it("omits the message if the result is on the same screen", () => {
    const { finish, lines } = scene(1, { withMessages: false });
    finish("a:22", stuck);
    assert.equal(lines().at(-1), "a:22  failed: session-stuck");
  });

  for (const [message, expected] of [
    ["Stopped: `rollout.maxFailures` allows 0; run again", "Stopped: --max-failures allows 0; run again"],
    ["Stopped after 2 s: `timeouts.total` allows no more", "Stopped after 2 s: --timeout allows no more"],
  ] as const) {
    it(`names options, not a program's inputs: ${expected}`, () => {
      const { finish, lines } = scene(1);
      finish("a:22", { status: "skipped", error: { code: "budget-exceeded", message } });
      assert.equal(lines().at(-1), `a:22  skipped: budget-exceeded: ${expected}`);
    });
  }
});

describe("the progress of hosts that are awaited", () => {
  const notBack = (host: string) =>
    ({ code: "not-back", message: `Cannot undrain "${host}": it was not back within 30m` }) as const;
  const why = "last seen: refused";

  it("prints of a few hosts what is missing, and that each is back or given up", () => {
    const { onProgress, finish, lines } = scene(2);
    finish("a:22");
    finish("b:22");
    onProgress({ type: "wave-command", wave: 2, waves: 5, hosts: 2 });
    onProgress({ type: "host-awaited", host: "a:22", why: "it has not restarted: its boot ID is the same" });
    onProgress({ type: "host-back", host: "a:22", afterMs: 200_000 });
    onProgress({ type: "host-back", host: "b:22", afterMs: 1_800_000, error: notBack("b:22") });
    assert.deepEqual(lines().slice(4), [
      "wave 2 of 5: running the command for 2 hosts",
      "a:22  waits: it has not restarted: its boot ID is the same",
      "a:22  back after 3m20s",
      'b:22  given up after 30m: not-back: Cannot undrain "b:22": it was not back within 30m',
    ]);
  });

  it("counts many hosts, names the slowest when all are back, and prints a shared error once", () => {
    const { onProgress, finish, pass, lines } = scene(60);
    onProgress({ type: "run-started", hosts: 60 });
    const hosts = Array.from({ length: 50 }, (_, index) => `h${index}:22`);
    for (const host of hosts) finish(host);
    onProgress({ type: "wave-command", wave: 1, waves: 2, hosts: 50 });
    for (const host of hosts) onProgress({ type: "host-awaited", host, why });
    pass(5000);
    onProgress({ type: "host-awaited", host: "h0:22", why: "it lists no listener" });
    for (const [index, host] of hosts.entries()) {
      const error = index < 2 ? { error: notBack(host) } : {};
      onProgress({ type: "host-back", host, afterMs: index === 7 ? 370_000 : 60_000, ...error });
    }
    onProgress({ type: "run-finished" });
    assert.deepEqual(lines(), [
      "wave 1 of 2: running the command for 50 hosts",
      "50 of 60 hosts done, 0 sessions logged off, 50 awaited",
      'h0:22  given up after 1m: not-back: Cannot undrain "h0:22": it was not back within 30m',
      "48 hosts back, the slowest h7:22 after 6m10s; 2 hosts not back",
      "1 more host  failed: not-back, as on h0:22",
      "48 of 60 hosts done, 2 not done, 0 sessions logged off",
    ]);
  });

  it("says of many hosts that none is back, and begins anew with the next wave", () => {
    const { onProgress, finish, lines } = scene(20);
    for (const wave of [1, 2]) {
      const host = `h${wave}:22`;
      finish(host);
      onProgress({ type: "wave-command", wave, waves: 2, hosts: 1 });
      const error = wave === 1 ? { error: notBack(host) } : {};
      onProgress({ type: "host-back", host, afterMs: 60_000, ...error });
    }
    assert.deepEqual(
      lines().filter((line) => /^\d+ hosts? /u.test(line)),
      ["1 host not back", "1 host back, the slowest h2:22 after 1m"],
    );
  });

  it("shows on the bar how many are awaited", () => {
    const { onProgress, say, bar, end } = scene(20, {}, true);
    onProgress({ type: "run-started", hosts: 20 });
    for (const host of ["a:22", "b:22", "c:22"]) onProgress({ type: "host-awaited", host, why });
    onProgress({ type: "host-back", host: "b:22", afterMs: 1 });
    say("x");
    assert.match(bar() ?? "", /0 of 20 hosts done, 0 sessions logged off, 2 awaited, 0 at work/u);
    end();
  });

  it("tells a host of --undrain --wait as failed once", () => {
    const { onProgress, lines } = scene(20);
    onProgress({ type: "run-started", hosts: 1 });
    const error = notBack("a:22");
    onProgress({ type: "host-back", host: "a:22", afterMs: 1000, error });
    const report = hostReport({ host: "a:22", status: "failed", error });
    onProgress({ type: "host-finished", host: "a:22", report });
    onProgress({ type: "run-finished" });
    assert.deepEqual(lines(), [
      "1 host not back",
      `a:22  failed: not-back: ${error.message}`,
      "0 of 20 hosts done, 1 not done, 0 sessions logged off",
    ]);
  });
});

describe("an answer to pass on", () => {
  it("keeps its form and names nobody", () => {
    const masked = anonymized(
      " SESSIONNAME       USERNAME                 ID  STATE\r\n>rdp-tcp#3         Jürgen.Müller            12  Aktiv\r\n console                                     1  Conn\r\nError on RDSH01.corp.example [5]\r\n",
    );
    assert.deepEqual(masked, [
      " SESSIONNAME       USERNAME                 ID  STATE",
      ">rdp-tcp#9         xxxxxx.xxxxxx            99  xxxxx",
      " console                                     9  Conn",
      "Error xx xxxx99.xxxx.xxxxxxx [9]",
    ]);
  });
});

describe("the help", () => {
  it("fits into 80 columns, except for its examples", () => {
    const [options = ""] = helpText(80).split("Examples:");
    const [, ...sections] = options.split("\n\n").slice(3);
    for (const line of sections.join("\n").split("\n")) assert.ok(line.length <= 80, line);
  });
});

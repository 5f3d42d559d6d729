import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linuxBackend } from "../../../provider/backend/linux/backend";
import { limitsOnLinux } from "../../../provider/backend/linux/limits";
import { readGroups } from "../../../provider/backend/linux/processes";
import { anySessionGroup, sessionGroup } from "../../../provider/backend/linux/shell";
import { LogoffError } from "../../../provider/base/errors";
import type { ExecResult } from "../../../provider/connection";
import { aSession } from "../../session/sample";

const backend = linuxBackend({ label: "jump-01:22" });
const start = "env LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_LOG_COLOR=0 SYSTEMD_LOG_TARGET=console sh -c '";

function printed(stdout: string, code = 0, stderr = ""): ExecResult {
  return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof LogoffError ? `${error.code}: ${error.message}` : String(error);
  }
  return "no error";
}

function loginctlCommand(args: string, after: string): string {
  const call = `loginctl --no-ask-password ${args} 2>&1`;
  return `${start}for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do said=$(${call} || { [ "$(id -u)" -ne 0 ] && sudo -n ${call}; }); code=$?; case $said in *"Resource deadlock avoided"*) sleep 1;; *) break;; esac; done; ${after}printf "\\n@said\\n%s\\n" "$said"; exit $code'`;
}

describe("the commands of the Linux backend", () => {
  const text = (mode: string): string =>
    `This host takes no new logins, because it is about to be maintained. (pulumi-session-logoff: ${mode})`;
  const golden: readonly (readonly [string, string | undefined, string])[] = [
    [
      "list",
      backend.list().commands.join("\n"),
      `${start}${[
        "command -v loginctl >/dev/null || exit 127",
        "list() { loginctl --no-pager --no-legend list-sessions; }",
        'ids() { while read -r id rest; do printf "%s\\n" "$id"; done; }',
        'has_ended() { now=$(list) || exit; if printf "%s\\n" "$now" | ids | grep -qxF "$1"; then return 1; fi; }',
        'unseen() { for id in $(printf "%s\\n" "$rows" | ids); do case $seen in *" $id "*) ;; *) printf "%s\\n" "$id";; esac; done; }',
        'show() { for id in $1; do if expr "$id" : "[A-Za-z]\\{0,1\\}[0-9]\\{1,10\\}$" >/dev/null; then for try in 1 2 3; do shown=$(loginctl --no-pager show-session "$id" -p Id -p Name -p User -p State -p Class -p Type -p Service -p Leader -p Seat -p TTY -p Display -p Timestamp -p IdleHint -p IdleSinceHint 2>&1); code=$?; case $shown in *"Resource deadlock avoided"*) sleep 1;; *) break;; esac; done; printf "@session %s\\n%s\\n" "$id" "$shown"; if [ "$code" -eq 0 ]; then printf "@shown\\n"; elif has_ended "$id"; then printf "@ended\\n"; else printf "@failed\\n"; fi; else printf "@strange\\n"; fi; done; }',
        'answer() { printf "@now %s\\n@own %s\\n@self %s\\n" "$(date +%s)" "${XDG_SESSION_ID-}" "$$"',
        'grep -E "^([0-9]+:name=elogind:/|0::/|(0:|[0-9]+:name=systemd):/user\\.slice/user-[0-9]+\\.slice/session-)[A-Za-z]?[0-9]+(\\.scope)?$" /proc/$$/cgroup 2>/dev/null | while read -r group; do printf "@in %s\\n" "$group"; done',
        "set -f",
        "rows=$(list) || exit",
        'first=$(printf "%s\\n" "$rows" | ids)',
        'show "$first"',
        'printf "@groups\\n"',
        "set +f",
        'printf "%s\\n" /proc/[0-9]*/cgroup | xargs grep -hE "^([0-9]+:name=elogind:/|0::/|(0:|[0-9]+:name=systemd):/user\\.slice/user-[0-9]+\\.slice/session-)[A-Za-z]?[0-9]+(\\.scope)?$" 2>/dev/null | sort | uniq -c',
        "set -f",
        "rows=$(list) || exit",
        'seen=" $(printf "%s " $first)"',
        'show "$(unseen)"',
        'printf "@processes\\n"',
        "ps -A -o pid= -o ppid= -o tty= 2>/dev/null",
        ":; }",
        'printf "\\n@begin\\n" >&2',
        "body=$(answer) || exit",
        'printf "\\n@begin\\n%s\\n@complete %s\\n" "$body" "$(printf "%s" "$body" | cksum)"',
      ].join("; ")}'`,
    ],
    ["logOff", backend.logOff(aSession({ id: "c12" })).command, loginctlCommand("terminate-session c12", "")],
    [
      "reset",
      backend.reset(aSession({ id: "12" })).command,
      loginctlCommand(
        "kill-session --signal=SIGKILL 12",
        `as=env; [ "$(id -u)" -eq 0 ] || as="sudo -n"; for file in $(printf "%s\\n" /proc/[0-9]*/cgroup | xargs grep -lE "^([0-9]+:name=elogind:/|0::/|(0:|[0-9]+:name=systemd):/user\\.slice/user-[0-9]+\\.slice/session-)12(\\.scope)?$" 2>/dev/null); do pid=\${file#/proc/}; $as kill -s KILL "\${pid%/cgroup}" && code=0; done; `,
      ),
    ],
    [
      "processes",
      backend.processes(aSession({ id: "c12" })).commands.join("\n"),
      `${start}printf "\\n@begin\\n"; printf "%s\\n" /proc/[0-9]*/cgroup | xargs grep -lE "^([0-9]+:name=elogind:/|0::/|(0:|[0-9]+:name=systemd):/user\\.slice/user-[0-9]+\\.slice/session-)c12(\\.scope)?$" 2>/dev/null | sed "s/cgroup$/comm/" | xargs cat /dev/null 2>/dev/null | sort -u | head -n 200'`,
    ],
    [
      "warn",
      backend.warn(aSession({ terminal: "pts/3" }), "text", 60).action?.command,
      `${start}[ -c /dev/pts/3 ] || exit 66; if [ -w /dev/pts/3 ]; then timeout 10 tee /dev/pts/3 >/dev/null; else timeout 10 sudo -n tee /dev/pts/3 >/dev/null; fi'`,
    ],
    [
      "drainMode",
      backend.drainMode().commands.join("\n"),
      `${start}printf "\\n@begin\\n"; for file in /run/nologin /etc/nologin; do if [ -e $file ]; then printf "@closed %s\\n" $file; head -n 3 $file; printf "\\n"; fi; done; printf "@complete\\n"'`,
    ],
    [
      "drain",
      backend.drain("until-restart").command,
      `${start}[ "$(id -u)" -eq 0 ] || exit 77; umask 022; [ -e /run/nologin ] && exit 0; printf "%s\\n" "${text("until-restart")}" >/run/nologin.$$ && ln /run/nologin.$$ /run/nologin; code=$?; rm -f /run/nologin.$$; exit $code'`,
    ],
    [
      "undrain",
      backend.undrain().command,
      `${start}if [ -e /run/nologin ]; then [ "$(id -u)" -eq 0 ] || exit 77; held=$(cat /run/nologin) || exit; case $held in "${text("until-restart")}"|"${text("until-destroy")}") rm -f /run/nologin;; esac; fi; [ -e /run/nologin ] && exit 73; [ -e /etc/nologin ] && exit 74; exit 0'`,
    ],
  ];
  for (const [name, command, wanted] of golden) it(`include ${name}`, () => assert.equal(command, wanted));

  it("mean the same in every login shell: a single line without inner quotes or anything that csh expands", () => {
    for (const [name, command] of golden) {
      assert.ok(command !== undefined && command.startsWith(start) && command.endsWith("'"), name);
      assert.ok(!/['!\n]/u.test(command.slice(start.length, -1)), name);
    }
  });

  for (const id of ["", "1 2", "--host=x", "c", "12345678901", "ab1", "1;reboot", "$(id)", "-1", "١"]) {
    it(`never contain the ID "${id}"`, () => {
      const session = aSession({ id });
      assert.match(
        codeOf(() => backend.logOff(session)),
        /^output-unrecognised: /,
      );
      assert.match(
        codeOf(() => backend.reset(session)),
        /^output-unrecognised: /,
      );
    });
  }

  it("contain no text from a host, whatever the session's name is", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "binary" }), (terminal, message) => {
        const { action } = backend.warn(aSession({ terminal }), message, 60);
        const plain = backend.warn(aSession({ terminal: "pts/3" }), "", 60).action?.command;
        if (action !== undefined)
          assert.equal(action.command.replaceAll(/(pts\/|tty)[0-9]+/gu, "pts/3"), plain);
      }),
    );
  });

  it("cannot be relayed to a server", () => {
    assert.match(
      codeOf(() => linuxBackend({ label: "a:22>b", server: "b" })),
      /^unsupported-host: .*"b" as a host of its own/,
    );
  });
});

describe("the control group of a session", () => {
  it("matches only its own session", () => {
    const lines = [
      ["11:name=elogind:/7", true],
      ["0::/7", true],
      ["0::/user.slice/user-1000.slice/session-7.scope", true],
      ["1:name=systemd:/user.slice/user-1000.slice/session-7.scope", true],
      ["0::/user.slice/user-1000.slice/session-17.scope", false],
      ["0::/user.slice/user-1000.slice/session-77.scope", false],
      ["11:name=elogind:/17", false],
      ["0::/docker/7", false],
      ["8:pids:/7", false],
      ["0::/", false],
    ] as const;
    for (const [line, wanted] of lines) {
      assert.equal(new RegExp(sessionGroup("7"), "u").test(line), wanted, line);
      if (wanted) assert.match(line, new RegExp(anySessionGroup, "u"));
      assert.equal(readGroups([`      3 ${line}`]).get("7"), wanted ? 3 : undefined, line);
    }
  });

  it("matches no session in a container, whose own logind also counts from 1", () => {
    const container = "user.slice/user-1001.slice/session-7.scope";
    const lines = [
      `0::/lxc.payload.web/${container}`,
      `0::/system.slice/docker-0123abcd.scope/${container}`,
      `0::/machine.slice/machine-web.scope/payload/${container}`,
      `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-0123abcd.scope/container/${container}`,
      `1:name=systemd:/lxc/web/${container}`,
      `1:name=systemd:/docker/0123abcd/${container}`,
      "11:name=elogind:/lxc/web/7",
      "0::/lxc.payload.web/7",
      // A user who may create groups may choose any name.
      "0::/user.slice/user-1001.slice/user@1001.service/app.slice/1:name=elogind:/7",
      "0::/user.slice/user-1001.slice/user@1001.service/app.slice/session-7.scope",
    ];
    for (const line of lines) {
      assert.doesNotMatch(line, new RegExp(sessionGroup("7"), "u"));
      assert.doesNotMatch(line, new RegExp(anySessionGroup, "u"));
      assert.deepEqual(readGroups([`      3 ${line}`]), new Map());
    }
  });
});

describe("an answer of loginctl", () => {
  const { parse } = backend.logOff(aSession());
  const rows: readonly (readonly [string, ExecResult, string])[] = [
    ["silence", printed("\n"), "accepted"],
    [
      "elogind's message about an unknown session",
      printed("Failed to issue method call: No session '99' known\n", 1),
      "absent",
    ],
    [
      "systemd's message about an unknown session",
      printed("Failed to terminate session: No session '99' known\n", 1),
      "absent",
    ],
    [
      "a message about an object that just disappeared",
      printed("Unknown object '/org/freedesktop/login1/session/_37'.\n", 1),
      "absent",
    ],
    [
      "a message about a session that is being created",
      printed("Could not terminate session: Resource deadlock avoided\n", 1),
      "busy",
    ],
    [
      "missing rights",
      printed(
        "Failed to issue method call: Interactive authentication required.\nsudo: a password is required\n",
        1,
      ),
      "denied",
    ],
    ["missing rights since v256", printed("Could not terminate session: Access denied\n", 1), "denied"],
    [
      "a missing sudo",
      printed("Interactive authentication required.\n", 127, "sh: 1: sudo: not found\n"),
      "denied",
    ],
    ["a missing loginctl", printed("", 127, "sh: 1: loginctl: not found\n"), "refused"],
    ["a missing bus", printed("Failed to connect to bus: No such file or directory\n", 1), "refused"],
    ["a signal", { signal: "KILL", stdout: new Uint8Array(), stderr: new Uint8Array() }, "refused"],
  ];
  for (const [what, result, kind] of rows) {
    it(`is ${kind} after ${what}`, () => assert.equal(parse(result).kind, kind));
  }
});

describe("a warning on Linux", () => {
  const session = aSession({ terminal: "pts/3" });
  const sent = (text: string): string =>
    Buffer.from(backend.warn(session, text, 60).action?.stdin ?? []).toString();

  it("rings the bell, has its own line and contains no control characters", () => {
    assert.equal(sent("Wartung um 22 Uhr"), "\r\n\u0007Wartung um 22 Uhr\r\n");
    assert.equal(sent("a\u001b]0;x\u0007b\nc\u202ed\u009be"), "\r\n\u0007a ]0;x b c d e\r\n");
    assert.equal(sent("a\u061cb\u200ec\u2069d"), "\r\n\u0007a b c d\r\n");
  });

  it("is cut at 255 characters and 255 bytes, never inside a character, and says so", () => {
    const frame = 5;
    const rows: readonly (readonly [whole: string, longer: string])[] = [
      ["a".repeat(255), "a".repeat(256)],
      [`a${"ü".repeat(127)}`, "a" + "ü".repeat(128)],
      ["ü".repeat(127), "ü".repeat(128)],
      ["漢".repeat(85), "漢".repeat(86)],
      ["😀".repeat(63), "😀".repeat(64)],
    ];
    for (const [whole, longer] of rows) {
      const [kept, cut] = [whole, longer].map((text) => backend.warn(session, text, 60));
      assert.deepEqual([kept?.cut, cut?.cut], [false, true], whole.slice(0, 2));
      assert.equal(Buffer.from(cut?.action?.stdin ?? []).toString(), `\r\n\u0007${whole}\r\n`);
      assert.deepEqual(kept?.action?.stdin, cut?.action?.stdin);
      assert.ok((cut?.action?.stdin?.length ?? 0) <= 255 + frame);
    }
  });

  it("says when half a character was replaced", () => {
    assert.equal(backend.warn(session, "a\ud83db", 60).replaced, true);
    assert.equal(backend.warn(session, "a😀b", 60).replaced, false);
  });

  const rows: readonly (readonly [string, ExecResult, RegExp])[] = [
    ["delivered", printed(""), /"kind":"delivered"/],
    ["absent", printed("", 66), /"kind":"absent"/],
    ["undelivered to a stopped terminal", printed("", 124), /"kind":"undelivered".*takes no output/],
    [
      "undelivered without the right",
      printed("", 1, "sudo: a password is required\n"),
      /"undelivered".*password/,
    ],
  ];
  for (const [what, result, wanted] of rows) {
    it(`is ${what}`, () => {
      const { action } = backend.warn(session, "text", 60);
      assert.match(JSON.stringify(action?.parse(result)), wanted);
    });
  }
});

describe("the drain of a Linux host", () => {
  it("is unknown if the answer is truncated", () => {
    assert.match(
      codeOf(() => backend.drainMode().parse([printed("")])),
      /^drain-failed/,
    );
  });

  it("fails with the right error code", () => {
    const readOnly = printed("", 2, "sh: 1: cannot create /run/nologin: Read-only file system");
    for (const { parse } of [backend.drain("until-restart"), backend.undrain()]) {
      assert.match(
        codeOf(() => parse(readOnly)),
        /^drain-failed: .*Read-only file system/,
      );
      assert.match(
        codeOf(() => parse(printed("", 77))),
        /^permission-denied: .*log in as root/,
      );
    }
  });
});

describe("inputs that have less effect on Linux", () => {
  it("are reported only if they are set", () => {
    assert.deepEqual(limitsOnLinux({ states: undefined, drain: "none" }), []);
    assert.deepEqual(limitsOnLinux({ states: ["active"], drain: "until-restart" }), []);
    const both = limitsOnLinux({ states: ["active", "disconnected"], drain: "until-destroy" });
    assert.match(both.join("\n"), /^No session here counts as disconnected.*\nThe drain ends when/);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode, type CodePage } from "../languages/code-pages";
import { languages, languageTags } from "../languages/languages";
import { parseCommandLine, type Shell } from "./command-line";
import { runCommand } from "./commands";
import type { Caller, Machine } from "./program";
import { codePageOf, defaultLook, type Look } from "./render";
import { createWindowsModel, type ModelOptions } from "./windows-model";

interface Setting extends Partial<ModelOptions> {
  readonly look?: Partial<Look>;
  readonly shell?: Shell;
  readonly caller?: Partial<Caller>;
  readonly messagesReachDisconnected?: boolean;
  readonly missingTools?: readonly string[];
  readonly unixTools?: boolean;
}

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A host and a function to run commands on it without SSH. `peer` is named `rdsh02`. */
function hostWith(setting: Setting = {}): {
  readonly model: Machine["model"];
  readonly peer: Machine["model"];
  readonly unexpected: readonly string[];
  readonly run: (command: string, stdin?: string | Buffer) => Promise<Result>;
} {
  const sessions = [{ user: "alice" }, { user: "bob", state: "disconnected" }] as const;
  const {
    look,
    shell,
    caller,
    messagesReachDisconnected = false,
    missingTools = [],
    unixTools = false,
    ...model
  } = setting;
  const here: Machine = {
    model: createWindowsModel({ name: "rdsh01", sessions, ...model }),
    look: { ...defaultLook, ...look },
    messagesReachDisconnected,
    missingTools,
    unixTools,
  };
  const peer: Machine = {
    model: createWindowsModel({ name: "rdsh02", sessions: [{ user: "dora", id: 9 }] }),
    look: { ...defaultLook, servicesRow: "marked" },
  };
  const unexpected: string[] = [];
  const page: CodePage = codePageOf(here.look);
  return {
    model: here.model,
    peer: peer.model,
    unexpected,
    run: async (command, stdin = "") => {
      const reply = await runCommand(command, shell ?? "cmd", {
        here,
        caller: { user: "admin", rights: "full-control", method: "password", ...caller },
        stdin: () => Promise.resolve(Buffer.from(stdin)),
        wait: (ms) => (ms === "for-ever" ? Promise.reject(new Error("killed")) : Promise.resolve()),
        peer: (name) => (name.toLowerCase() === "rdsh02" ? peer : undefined),
        unexpected: (what) => void unexpected.push(what),
      });
      return { code: reply.code, stdout: decode(reply.stdout, page), stderr: decode(reply.stderr, page) };
    },
  };
}

describe("the processes of a session", () => {
  it("are a table, with exit code 1 as query", async () => {
    const { run, unexpected } = hostWith();
    const short = await run("qprocess.exe /id:2");
    assert.deepEqual(short.stdout.split("\r\n"), [
      " USERNAME              SESSIONNAME         ID    PID  IMAGE",
      " system                rdp-tcp#0            2   1800  csrss.exe",
      " system                rdp-tcp#0            2   1804  winlogon.exe",
      " system                rdp-tcp#0            2   1808  dwm.exe",
      " alice                 rdp-tcp#0            2   1812  explorer.exe",
      " alice                 rdp-tcp#0            2   1816  winword.exe",
      "",
    ]);
    assert.deepEqual(await run("query process /id:2"), { ...short, code: 1 });
    assert.match((await run("qprocess.exe /id:9 /server:rdsh02")).stdout, /dora .* 9 .*explorer\.exe/);
    assert.deepEqual(unexpected, []);
  });

  it("do not exist in a session that does not exist", async () => {
    const { stdout, stderr, code } = await hostWith().run("qprocess /id:77");
    assert.deepEqual([stdout, stderr, code], ["", "No Process exists for 77\r\n", 1]);
  });

  it("are listed by the session's ID only", async () => {
    for (const args of ["", "*", "alice", "/id:", "/id:x", "/id:2 /system"]) {
      const { run, unexpected } = hostWith();
      assert.equal((await run(`qprocess ${args}`.trim())).code, 1);
      assert.equal(unexpected.length, 1, args);
    }
  });
});

describe("listing", () => {
  it("exits with 0 as qwinsta and quser, and with 1 as query, with the same table", async () => {
    const { run, unexpected } = hostWith();
    const short = await run("qwinsta.exe");
    assert.equal(short.code, 0);
    assert.deepEqual(await run("query.exe session"), { ...short, code: 1 });
    const users = await run("quser.exe");
    assert.equal(users.code, 0);
    assert.deepEqual(await run("QUERY USER"), { ...users, code: 1 });
    assert.deepEqual(unexpected, []);
  });

  it("filters by ID, name and user", async () => {
    const { run } = hostWith();
    for (const operand of ["2", "RDP-TCP#0", "Alice"]) {
      assert.equal((await run(`qwinsta ${operand}`)).stdout.split("\r\n").length, 3, operand);
    }
    assert.deepEqual(await run("qwinsta 99"), {
      code: 1,
      stdout: "",
      stderr: "No session exists for 99\r\n",
    });
  });

  it("says that no user exists when nobody is logged on", async () => {
    const { run } = hostWith({ sessions: [] });
    assert.deepEqual(await run("quser"), { code: 1, stdout: "", stderr: "No User exists for *\r\n" });
    assert.equal((await run("qwinsta")).code, 0);
  });

  it("says that no session exists, or that access is denied, when rights are missing", async () => {
    const nobody = hostWith({ caller: { rights: "none-says-nobody" } });
    assert.equal((await nobody.run("qwinsta")).stderr, "No session exists for *\r\n");
    assert.equal((await nobody.run("quser")).stderr, "No User exists for *\r\n");
    const denied = hostWith({ caller: { rights: "none" } });
    assert.equal(
      (await denied.run("qwinsta")).stderr,
      "Error 0x00000005 enumerating sessionnames\r\nError [5]:Access is denied.\r\n",
    );
    assert.equal((await hostWith({ caller: { rights: "query-only" } }).run("qwinsta")).code, 0);
  });

  it("shows non-administrators only their own sessions and the console", async () => {
    const { run } = hostWith({
      caller: { user: "bob", rights: "own-sessions" },
      sessions: [{ user: "alice" }, { user: "bob" }],
    });
    const { stdout } = await run("qwinsta");
    assert.deepEqual(
      stdout.split("\r\n").map((line) => /([0-9]+) {2}[A-Z]/.exec(line)?.[1]),
      [undefined, "1", "3", undefined],
    );
    assert.doesNotMatch((await run("quser")).stdout, /alice/);
  });

  it("is missing on Home editions", async () => {
    const { run, unexpected } = hostWith({ missingTools: ["qwinsta", "quser"] });
    const { code, stderr } = await run("qwinsta.exe");
    assert.equal(code, 1);
    assert.match(stderr, /^'qwinsta\.exe' is not recognized/);
    assert.deepEqual(unexpected, []);
  });
});

describe("logoff and reset session", () => {
  it("end a session by ID, silently or with /v", async () => {
    const { run, model } = hostWith();
    assert.deepEqual(await run("logoff.exe 2"), { code: 0, stdout: "", stderr: "" });
    assert.deepEqual(await run("rwinsta.exe 3 /v"), {
      code: 0,
      stdout: "Session ID 3 has been reset\r\n",
      stderr: "",
    });
    assert.deepEqual(model.people(), []);
    assert.deepEqual(
      model.departures().map(({ by }) => by),
      ["logoff", "reset"],
    );
  });

  it("answer with the bracketed number when refused", async () => {
    const { run } = hostWith({ sessions: [{ user: "alice", onLogoff: { kind: "busy" } }] });
    assert.match(
      (await run("logoff 2")).stderr,
      /^Could not logoff session ID 2, Error code 7024\r\nError \[7024\]:/,
    );
    assert.match((await run("logoff 99")).stderr, /Error \[7022\]:Session 99 is not found\./);
    assert.match((await run("reset session 99")).stderr, /Error \[7022\]/);
    assert.match(
      (await hostWith({ caller: { rights: "query-only" } }).run("logoff 2")).stderr,
      /Error \[5\]/,
    );
  });

  it("are unexpected without an operand, on session 0 and on a listener", async () => {
    const { run, unexpected, model } = hostWith();
    for (const command of ["logoff", "logoff /v", "logoff 0", "logoff 65536", "rwinsta 0", "rwinsta 65536"]) {
      await run(command);
    }
    assert.equal(unexpected.length, 6, unexpected.join("\n"));
    assert.deepEqual(model.people(), ["bob"], "resetting the listener reset the sessions of the listener");
  });

  it("block if the session is scripted to block", async () => {
    const { run } = hostWith({ sessions: [{ user: "alice", onLogoff: { kind: "blocks" } }] });
    await assert.rejects(run("logoff 2"), /killed/);
  });
});

describe("/server:", () => {
  it("acts on another host of the lab", async () => {
    const { run, peer } = hostWith();
    const { stdout } = await run("qwinsta.exe /server:RDSH02");
    assert.match(stdout, / dora {22}9 {2}Active/);
    assert.match(stdout, /^ services/m, "no row of another server is the caller's own");
    assert.equal((await run("msg.exe 9 /time:60 /server:rdsh02", "bye")).code, 0);
    assert.equal((await run("logoff.exe 9 /server:rdsh02")).code, 0);
    assert.deepEqual(peer.people(), []);
    assert.equal(peer.messages()[0]?.text, "bye");
  });

  it("fails with 1722 for an unknown host and with 5 after a public key login", async () => {
    assert.match(
      (await hostWith().run("qwinsta /server:nowhere")).stderr,
      /^Error 0x000006BA .*\r\nError \[1722\]:/,
    );
    const byKey = hostWith({ caller: { method: "publickey" } });
    assert.match((await byKey.run("qwinsta /server:rdsh02")).stderr, /Error \[5\]:/);
    assert.equal((await byKey.run("qwinsta /server:rdsh01")).code, 0);
  });
});

describe("msg", () => {
  it("reads the text from standard input, in the host's code page", async () => {
    const { run, model } = hostWith({ look: { language: "de" } });
    const ue = Buffer.from([0x66, 0x81, 0x72, 0x0d, 0x0a]);
    assert.deepEqual(await run("msg.exe 2 /time:60", ue), { code: 0, stdout: "", stderr: "" });
    const [seen] = model.messages();
    assert.deepEqual([seen?.user, seen?.text, seen?.seconds], ["alice", "für", 60]);
  });

  it("accepts 255 characters, but not 256", async () => {
    const { run } = hostWith();
    assert.equal((await run("msg 2 /time:1", "x".repeat(255))).code, 0);
    assert.equal((await run("msg 2 /time:1", "x".repeat(256))).code, 1);
  });

  it("does not reach a disconnected session, unless the host allows it", async () => {
    const { stderr } = await hostWith().run("msg 3 /time:1", "x");
    assert.equal(stderr, "3 does not exist or is disconnected\r\n");
    assert.equal((await hostWith({ messagesReachDisconnected: true }).run("msg 3 /time:1", "x")).code, 0);
  });

  it("fails for `*` if session 1 is missing", async () => {
    assert.equal((await hostWith({ console: null }).run("msg * /time:1", "x")).code, 1);
    assert.equal((await hostWith().run("msg * /time:1", "x")).code, 0);
  });
});

describe("drain mode", () => {
  const terminalServer =
    'reg query "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server" /v TSServerDrainMode';
  const winlogon =
    'reg.exe query "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon" /v WinStationsDisabled';

  it("is set with change logon and read as numbers from the registry", async () => {
    const { run, unexpected } = hostWith();
    const read = async (): Promise<readonly (string | undefined)[]> => {
      const outputs = [await run(terminalServer), await run(winlogon)];
      return outputs.map(({ stdout }) => /REG_\w+\s+(\w+)/.exec(stdout)?.[1]);
    };
    assert.deepEqual(await read(), [undefined, undefined]);
    await run("change logon /drain");
    assert.deepEqual(await read(), ["0x2", undefined]);
    await run("chglogon.exe /drainuntilrestart");
    assert.deepEqual(await read(), ["0x1", undefined]);
    await run("chglogon.exe /disable");
    assert.deepEqual(await read(), ["0x0", "1"]);
    await run("chglogon.exe /enable");
    assert.deepEqual(await read(), ["0x0", "0"]);
    assert.deepEqual(unexpected, []);
  });

  it("is printed in words, with exit code 1", async () => {
    const { run } = hostWith({ drain: "drain" });
    assert.deepEqual(await run("chglogon /query"), {
      code: 1,
      stdout: "New user logons are DISABLED, but reconnections to existing sessions are ENABLED.\r\n",
      stderr: "",
    });
  });

  it("cannot be changed without rights, or with /server:", async () => {
    const { run, model } = hostWith({ caller: { rights: "query-only" } });
    assert.match((await run("chglogon /drain")).stderr, /Error \[5\]/);
    assert.equal((await hostWith().run("chglogon /drain /server:rdsh02")).code, 1);
    assert.equal(model.drain(), "open");
  });
});

describe("shells", () => {
  it("report an unknown uname and print the code page at the end, in every language", async () => {
    for (const language of languageTags) {
      const { run, unexpected } = hostWith({ look: { language } });
      const uname = await run("uname -s");
      assert.equal(uname.code, 1);
      assert.ok(uname.stderr.includes("uname"), uname.stderr);
      const { stdout } = await run("chcp.com");
      assert.match(stdout, new RegExp(`${languages[language].codePage}\\.?\\r\\n$`));
      assert.deepEqual(unexpected, []);
    }
  });

  it("exit with 0 or 1 and use their own messages if they are PowerShell", async () => {
    for (const shell of ["powershell", "powershell-7"] as const) {
      const { run } = hostWith({ shell });
      assert.equal((await run("qwinsta.exe")).code, 0);
      assert.match((await run("uname -s")).stderr, /The term 'uname' is not recognized/);
      assert.equal((await run("cmd.exe /d /c chcp")).stdout, "Active code page: 437\r\n");
    }
  });

  it("parse two commands in a line, each in its own way", async () => {
    const line = "echo which shell; uname -s";
    const answers = async (shell: Shell, unixTools = false): Promise<readonly unknown[]> => {
      const { run, unexpected } = hostWith({ shell, unixTools });
      const { code, stdout } = await run(line);
      assert.deepEqual(unexpected, []);
      return [code, stdout];
    };
    assert.deepEqual(await answers("cmd"), [0, "which shell; uname -s\r\n"]);
    assert.deepEqual(await answers("cmd", true), [0, "which shell; uname -s\r\n"]);
    for (const shell of ["powershell", "powershell-7"] as const) {
      assert.deepEqual(await answers(shell), [1, "which\r\nshell\r\n"]);
      assert.deepEqual(await answers(shell, true), [0, "which\r\nshell\r\nMINGW64_NT-10.0-20348\n"]);
    }
    assert.deepEqual(await answers("git-bash"), [0, "which shell\nMINGW64_NT-10.0-20348\n"]);
    assert.deepEqual(await answers("cygwin"), [0, "which shell\nCYGWIN_NT-10.0-20348\n"]);
  });

  it("rewrite switches if they are bash, unless told not to", async () => {
    const { run, model } = hostWith({ shell: "git-bash" });
    assert.equal((await run("uname -s")).stdout, "MINGW64_NT-10.0-20348\n");
    assert.equal((await run("chglogon.exe /drain")).code, 1);
    await run("msg.exe 2 /time:5", "save your work");
    assert.equal(model.messages()[0]?.text, "C:/Program Files/Git/time:5", "the switch became the message");
    assert.equal(model.drain(), "open");
    assert.equal((await run("MSYS_NO_PATHCONV=1 chglogon.exe /drain")).code, 0);
    assert.equal((await run("MSYS2_ARG_CONV_EXCL='*' chglogon.exe /enable")).code, 0);
    assert.equal((await run("chglogon.exe //drain")).code, 0);
  });

  it("refuse unscripted commands in their own words, and record them", async () => {
    const { run, unexpected } = hostWith();
    const { code, stderr } = await run("shutdown.exe -r");
    assert.equal(code, 1);
    assert.match(stderr, /^'shutdown\.exe' is not recognized/);
    for (const command of ["qwinsta && whoami", "qwinsta | find 1", '"open', "", "hasOwnProperty"])
      await run(command);
    assert.equal(unexpected.length, 6, unexpected.join("\n"));
  });

  it("split a line into words", () => {
    const words = (line: string, shell: Shell): unknown => parseCommandLine(line, shell);
    assert.deepEqual(words('a "b c" d\\e', "cmd"), { program: "a", args: ["b c", "d\\e"] });
    assert.deepEqual(words("a 'b c'", "cmd"), { program: "a", args: ["'b", "c'"] });
    assert.deepEqual(words("a 'b c' ''", "powershell"), { program: "a", args: ["b c", ""] });
    assert.deepEqual(words("a b\\ c /v", "git-bash"), { program: "a", args: ["b c", "V:/"] });
    assert.deepEqual(words("%SystemRoot%\\System32\\chcp.com", "cmd"), {
      program: "C:\\Windows\\System32\\chcp.com",
      args: [],
    });
    assert.ok("unsupported" in parseCommandLine("a; b", "powershell"));
    assert.ok("unsupported" in parseCommandLine("echo %OS%", "cmd"));
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  lastWords,
  readChannelEnd,
  readCommandLog,
  readConnectionLog,
  type ConnectionLog,
} from "../../provider/openssh/log-lines";

/** A log that a real ssh (OpenSSH 9.2) wrote, without lines about its own files. */
export const logOf = (name: string): string => readFileSync(join(__dirname, "logs", `${name}.txt`), "utf8");

const hostKey = "ssh-ed25519 SHA256:bq2FWSBv5ZVY7W7jdkMq2IQT4ZOPWthn/s0cesZFhzU";
const offered = "SHA256:93rOnbMUSHyOXt47g9o0+olmSGmkYBVe5761RI3OGHU";

describe("readConnectionLog", () => {
  const expected: Readonly<Record<string, Partial<ConnectionLog>>> = {
    unknown: { phase: "exchanging keys", untrusted: "unknown", hostKey, isTrusted: false },
    changed: { untrusted: "changed", hostKey, offending: "/home/ops/.ssh/kh.changed:1", isTrusted: false },
    "changed-type": { untrusted: "changed", hostKey, offending: "/home/ops/.ssh/kh.othertype:1" },
    revoked: { untrusted: "revoked", hostKey, isTrusted: false },
    rejected: {
      phase: "logging in",
      isTrusted: true,
      offeredKeys: [{ label: `ed25519 ${offered}`, fingerprint: offered }],
      accepts: ["publickey", "keyboard-interactive"],
      isRejected: true,
      isLoggedIn: false,
      isPasswordRejected: false,
    },
    "no-credential": { isTrusted: true, offeredKeys: [], isRejected: false },
    refused: { phase: "connecting", words: ["ssh: connect to host 127.0.0.1 port 2298: Connection refused"] },
    "no-name": {
      phase: "connecting",
      words: ["ssh: Could not resolve hostname no-such.invalid: Name or service not known"],
    },
  };
  for (const [name, facts] of Object.entries(expected))
    it(`reads ${name}.txt`, () => {
      const log = readConnectionLog(logOf(name));
      for (const [fact, value] of Object.entries(facts))
        assert.deepEqual(log[fact as keyof ConnectionLog], value, fact);
    });

  it("reads what matched nothing", () => {
    const { noMatch } = readConnectionLog(logOf("no-kex"));
    assert.equal(noMatch?.kind, "key exchange method");
    assert.match(noMatch.theirs, /^sntrup761x25519-sha512/u);
  });

  it("tells a key on a security key from others", () => {
    const accepts = (type: string): string =>
      `debug1: Server accepts key: /home/a/id ${type} SHA256:${"x".repeat(43)}\r\n`;
    for (const [type, isSecurityKey] of [
      ["ED25519-SK", true],
      ["ECDSA-SK-CERT", true],
      ["ED25519", false],
      ["ED25519-CERT", false],
    ] as const)
      assert.equal(readConnectionLog(accepts(type)).isSecurityKey, isSecurityKey, type);
  });

  it("does not take the text of a host for a line of ssh", () => {
    const banner = [
      "debug2: Host verification",
      "x debug1: Authentication succeeded (publickey).",
      " Host key verification failed.",
    ];
    const log = readConnectionLog(`${logOf("no-credential")}${banner.join("\n")}\n`);
    assert.ok(!log.isLoggedIn && log.untrusted === undefined);
  });
});

describe("readCommandLog", () => {
  const session =
    "debug2: mux_client_hello_exchange: master version 4\ndebug1: mux_client_request_session: master session id: 2\n";
  for (const [what, text, expected] of [
    [
      "an exit status",
      `${session}debug2: Received exit status from master 255\n`,
      { isWithoutMaster: false, channel: 2, exitStatus: 255 },
    ],
    [
      "a status of more than eight bits",
      `${session}debug2: Received exit status from master 1223\n`,
      { isWithoutMaster: false, channel: 2, exitStatus: 1223 },
    ],
    [
      "a status that ssh prints as negative",
      `${session}debug2: Received exit status from master -1073741510\n`,
      { isWithoutMaster: false, channel: 2, exitStatus: 0xc000013a },
    ],
    [
      "a command without a status",
      `${session}debug2: Control master terminated unexpectedly\n`,
      { isWithoutMaster: false, channel: 2 },
    ],
    [
      "a refused channel",
      "debug2: mux_client_hello_exchange: master version 4\nmux_client_request_session: session request failed: Session open refused by peer\n",
      { isWithoutMaster: false, refusal: "Session open refused by peer" },
    ],
    [
      "a master that is gone",
      'debug1: Control socket "/run/x/1" does not exist\n',
      { isWithoutMaster: true },
    ],
    [
      "a master that has ended",
      "Control socket connect(/run/x/1): Connection refused\ndebug1: Executing proxy command: exec false\n",
      { isWithoutMaster: true },
    ],
    [
      "a master that has ended after it was asked",
      "mux_client_request_session: read from master failed: Broken pipe\ndebug1: Executing proxy command: exec false\n",
      { isWithoutMaster: false },
    ],
    ["a log that could not be written", "", { isWithoutMaster: false }],
  ] as const)
    it(`reads ${what}`, () => assert.deepEqual(readCommandLog(text), expected));
});

describe("readChannelEnd", () => {
  const log = [
    "debug1: channel 2: new session [client-session] (inactive timeout: 0)",
    "debug1: client_input_channel_req: channel 2 rtype exit-signal reply 0",
    "debug1: channel 2: free: client-session, nchannels 3",
    "debug1: channel 2: new session [client-session] (inactive timeout: 0)",
    "debug1: channel 3: new session [client-session] (inactive timeout: 0)",
    "debug1: client_input_channel_req: channel 3 rtype exit-signal reply 0",
    "debug3: mux.c:mux_exit_message():1228 (pid=4285): channel 2: exit message, exitval 7",
  ];

  it("finds the signal of the channel's last use", () => {
    assert.deepEqual(readChannelEnd(log.slice(0, 3).join("\n"), 2), { isRefused: false, isBySignal: true });
    assert.deepEqual(readChannelEnd(log.join("\n"), 3), { isRefused: false, isBySignal: true });
  });

  it("finds neither that of an earlier use nor that of another channel", () => {
    assert.deepEqual(readChannelEnd(log.join("\n"), 2), {
      isRefused: false,
      isBySignal: false,
      exitStatus: 7,
    });
    assert.deepEqual(readChannelEnd(log.join("\n"), 12), { isRefused: false, isBySignal: false });
    const refused =
      "debug1: channel 2: new session [client-session]\nchannel 2: chan_read_failed for istate 3\n";
    assert.deepEqual(readChannelEnd(refused, 2), { isRefused: true, isBySignal: false });
    assert.deepEqual(readChannelEnd("", 2), { isRefused: false, isBySignal: false });
  });
});

describe("lastWords", () => {
  it("is the reason of a connection that was lost", () => {
    const log =
      "debug1: channel 2: free: client-session, nchannels 2\nTimeout, server 127.0.0.1 not responding.\r\nTransferred: sent 4268, received 4348 bytes, in 25.3 seconds\ndebug1: Exit status -1\n";
    assert.equal(lastWords(log), "Timeout, server 127.0.0.1 not responding.");
    assert.equal(lastWords("debug1: Exit status -1\n"), undefined);
  });
});

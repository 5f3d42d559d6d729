import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Host } from "../../provider/connection";
import { connectionFailure } from "../../provider/openssh/failures";
import { readConnectionLog } from "../../provider/openssh/log-lines";
import { hostOf } from "../ssh/scripted-server";

describe("the error for an unknown host key says how to trust it:", () => {
  const log = readFileSync(join(__dirname, "logs", "unknown.txt"), "utf8");
  const hostKeys = { pinned: [], strict: "yes" } as const;
  const host = hostOf({ address: "10.0.0.5", port: 2222 }, { hostKeys });
  const messageFor = (changes: Partial<Host>, knownAs: string, text = log): string =>
    connectionFailure(readConnectionLog(text), {
      host: { ...host, user: "ops", ...changes },
      knownAs,
      quote: (words) => words,
      proxyWords: [],
      isPasswordOffered: false,
      hasPassword: () => false,
      hasKey: () => false,
    }).error.message;

  it("with ssh-keyscan", () => {
    const known = messageFor({}, host.address);
    assert.match(known, /add to known_hosts the line with this key of: ssh-keyscan -p 2222 10\.0\.0\.5$/u);
    assert.match(messageFor({ port: 22 }, host.address), / of: ssh-keyscan 10\.0\.0\.5$/u);
  });

  it("under the name of HostKeyAlias", () => {
    assert.match(messageFor({}, "rdsh01"), /this key \(with "rdsh01" as its name\) of: ssh-keyscan /u);
  });

  it("by hand where ssh-keyscan does not get", () => {
    const byHand = /and then connect by hand once with ssh, which adds it to known_hosts$/u;
    assert.match(messageFor({ jumpHosts: [host] }, host.address), byHand);
    const proxied = `debug1: Executing proxy command: exec nc 10.0.0.5 2222\n${log}`;
    assert.match(messageFor({}, host.address, proxied), byHand);
  });
});

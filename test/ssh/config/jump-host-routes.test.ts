import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Host } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { bareOptions, hostOf } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "jump hosts-"));
after(() => rmSync(folder, { recursive: true }));

function host(address: string, changes: Partial<Host> = {}): Host {
  return hostOf({ address, port: 22 }, { label: `${address}:22`, ...changes });
}

async function jumpHostsWith(config: string, ...hosts: readonly Host[]): Promise<Record<string, unknown>> {
  const path = join(folder, "config");
  writeFileSync(path, config);
  const configured = hosts.map((one) => ({ ...one, sshConfig: path }));
  return Object.fromEntries(await openSsh(bareOptions()).findJumpHosts(configured));
}

describe("the jump hosts of a run", () => {
  it("include those that the hosts name", async () => {
    const hosts = [host("win-1", { jumpHosts: [host("Gate")] }), host("gate"), host("win-2")];
    assert.deepEqual(Object.fromEntries(await openSsh(bareOptions()).findJumpHosts(hosts)), {
      "win-1:22": ["gate:22"],
      "gate:22": [],
      "win-2:22": [],
    });
  });

  it("include those of ssh_config, under any name, and their own jump hosts", async () => {
    const config = [
      "Host bastion",
      "  HostName Gate.corp.example",
      "  ProxyJump outer",
      "Host outer",
      "  HostName 10.0.0.1",
      "Host win-*",
      "  ProxyJump ops@bastion",
    ].join("\n");
    const [win, gate, outer] = [host("win-1"), host("gate.corp.example"), host("10.0.0.1")];
    assert.deepEqual(await jumpHostsWith(config, win, gate, outer), {
      "win-1:22": ["gate.corp.example:22", "10.0.0.1:22"],
      "gate.corp.example:22": [],
      "10.0.0.1:22": [],
    });
  });

  it("are never the host itself, a relay's server or another port, even if ssh_config has a circle", async () => {
    const relay = host("gate", { label: "gate:22>rdsh07", server: "rdsh07" });
    const config = "Host gate\n  ProxyJump other\nHost *\n  ProxyJump gate\n";
    assert.deepEqual(
      await jumpHostsWith(config, host("gate"), relay, host("gate", { label: "gate:2222", port: 2222 })),
      {
        "gate:22": [],
        "gate:22>rdsh07": ["gate:22"],
        "gate:2222": ["gate:22"],
      },
    );
  });

  it("are empty if ssh_config cannot be read", async () => {
    assert.deepEqual(await jumpHostsWith("Host *\n  ProxyCommand nc %h\n", host("win-1")), {
      "win-1:22": [],
    });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Connect, Host } from "../../provider/connection";
import { withSharedRelays } from "../../provider/run/relay";
import { planFor } from "./memory-fleet";

const never = new AbortController().signal;

function behind(server: string | undefined, user = "op"): Host {
  return { ...planFor(server === undefined ? {} : { server }, "mgmt").host, user };
}

function counting(): { connect: Connect; opened: () => number; open: () => number; lose: () => void } {
  let opened = 0;
  let open = 0;
  let lost = false;
  return {
    opened: () => opened,
    open: () => open,
    lose: () => (lost = true),
    connect: () => {
      opened += 1;
      open += 1;
      lost = false;
      return Promise.resolve({
        warnings: [],
        exec: () =>
          lost
            ? Promise.reject(new LogoffError("connection-lost", "lost"))
            : Promise.resolve({ code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() }),
        close: () => {
          open -= 1;
          return Promise.resolve();
        },
      });
    },
  };
}

describe("a shared relay", () => {
  it("has one connection for all servers behind it, and the last server closes it", async () => {
    const host = counting();
    const connect = withSharedRelays(host.connect);
    const [a, b] = await Promise.all([connect(behind("a"), never), connect(behind("b"), never)]);
    assert.equal(host.opened(), 1);
    await a.close();
    await a.close();
    assert.equal(host.open(), 1);
    await b.close();
    assert.equal(host.open(), 0);
  });

  it("is not shared by different logins or by hosts without a server", async () => {
    const host = counting();
    const connect = withSharedRelays(host.connect);
    for (const one of [behind("a"), behind("a", "other"), behind(undefined), behind(undefined)])
      await connect(one, never);
    assert.equal(host.opened(), 4);
  });

  it("reconnects after its connection is lost", async () => {
    const host = counting();
    const connect = withSharedRelays(host.connect);
    const a = await connect(behind("a"), never);
    host.lose();
    await assert.rejects(a.exec("x", { timeoutMs: 1 }), /lost/);
    const again = await connect(behind("a"), never);
    assert.equal(host.opened(), 2);
    await Promise.all([a.close(), again.close()]);
    assert.equal(host.open(), 0);
  });

  it("stays open for the other servers when one is cancelled", async () => {
    let finish: (() => void) | undefined;
    const host = counting();
    let signalGiven: AbortSignal | undefined;
    const connect = withSharedRelays(async (to, signal) => {
      signalGiven = signal;
      await new Promise<void>((resolve) => (finish = resolve));
      return host.connect(to, signal);
    });
    const impatient = new AbortController();
    const a = connect(behind("a"), impatient.signal);
    const b = connect(behind("b"), never);
    impatient.abort();
    await assert.rejects(a, /Stopped/);
    assert.equal(signalGiven?.aborted, false);
    finish?.();
    await (await b).close();
    assert.deepEqual([host.opened(), host.open()], [1, 0]);
  });

  it("is closed if it connects after all servers were cancelled", async () => {
    let finish: (() => void) | undefined;
    const host = counting();
    const connect = withSharedRelays(async (to, signal) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return host.connect(to, signal);
    });
    const impatient = new AbortController();
    const only = connect(behind("a"), impatient.signal);
    impatient.abort();
    await assert.rejects(only, /Stopped/);
    finish?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([host.opened(), host.open()], [1, 0]);
  });

  it("fails all waiting servers, and is retried by the next server", async () => {
    let tries = 0;
    const connect = withSharedRelays(() => {
      tries += 1;
      return Promise.reject(new LogoffError("host-unreachable", "no"));
    });
    await Promise.all([
      assert.rejects(connect(behind("a"), never)),
      assert.rejects(connect(behind("b"), never)),
    ]);
    await assert.rejects(connect(behind("a"), never));
    assert.equal(tries, 2);
  });

  it("is named in its errors, because they affect every server behind it", async () => {
    const labels: string[] = [];
    const connect = withSharedRelays((host) => {
      labels.push(host.label);
      return Promise.reject(new LogoffError("host-unreachable", `Cannot connect to "${host.label}"`));
    });
    const results = await Promise.allSettled([connect(behind("a"), never), connect(behind("b"), never)]);
    assert.deepEqual(labels, ["mgmt:22"]);
    for (const one of results)
      assert.match(String(one.status === "rejected" && one.reason), /Cannot connect to "mgmt:22"/u);
  });
});

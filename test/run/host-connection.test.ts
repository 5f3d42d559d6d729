import assert from "node:assert/strict";
import { it } from "node:test";
import type { Action } from "../../provider/backend/backend";
import { systemClock } from "../../provider/base/clock";
import { LogoffError } from "../../provider/base/errors";
import type { Connect } from "../../provider/connection";
import { HostConnection } from "../../provider/run/host-connection";
import { planFor } from "./memory-fleet";

const action: Action<void> = { command: "logoff.exe 2", parse: () => undefined };
const lost = new LogoffError("connection-lost", "Lost the connection");

/** Everything between two turns of the event loop is microtasks, so each of these moments is tried. */
for (let moment = 0; moment < 12; moment += 1) {
  it(`a connection that replaces a broken one is closed too (${moment} microtasks later)`, async () => {
    let opened = 0;
    const open = new Set<number>();
    const connect: Connect = () => {
      opened += 1;
      const number = opened;
      open.add(number);
      return Promise.resolve({
        warnings: [],
        close: () => {
          open.delete(number);
          return Promise.resolve();
        },
        exec: () => {
          if (number > 1)
            return Promise.resolve({ code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() });
          void reconnect();
          return Promise.reject(lost);
        },
      });
    };
    const signal = new AbortController().signal;
    const { host } = planFor({}, "host1");
    const link = new HostConnection(host, { connect, clock: systemClock, signal }, 1000);
    const reconnect = async (): Promise<void> => {
      for (let passed = 0; passed < moment; passed += 1) await Promise.resolve();
      void link.release();
      await link.perform(action, 1000);
    };
    await assert.rejects(link.perform(action, 1000), lost);
    await new Promise(setImmediate);
    await link.release();
    assert.deepEqual([opened, [...open]], [2, []]);
  });
}

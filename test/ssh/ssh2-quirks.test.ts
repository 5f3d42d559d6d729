import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { Client } from "ssh2";
import { stopDebugLines } from "../../provider/ssh/ssh2-quirks";
import { serverFor, testKey } from "./scripted-server";

describe("stopDebugLines", () => {
  it("ends the lines that ssh2 writes for each message", async (t) => {
    const key = testKey("quirks");
    const server = await serverFor(t, { key, onExec: (_command, channel) => channel().close() });
    const lines: string[] = [];
    const client = new Client();
    client.connect({
      host: server.address,
      port: server.port,
      username: "anybody",
      privateKey: key.privateText,
      debug: (line) => lines.push(line),
    });
    await once(client, "ready");
    const linesOfCommand = async (): Promise<number> => {
      const before = lines.length;
      await new Promise<void>((resolve, reject) => {
        client.exec("anything", (error, channel) => {
          if (error) reject(error);
          else channel.on("close", () => resolve()).resume();
        });
      });
      return lines.length - before;
    };
    assert.notEqual(await linesOfCommand(), 0);
    stopDebugLines(client);
    assert.equal(await linesOfCommand(), 0);
    const closed = once(client, "close");
    client.end();
    await closed;
  });
});

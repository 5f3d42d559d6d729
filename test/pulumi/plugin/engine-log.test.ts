import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { engineLog } from "../../../provider/pulumi/plugin/engine-log";

describe("the log of the engine", () => {
  let engine: Server;
  let address: string;
  let heard: string[];
  beforeEach(async () => {
    heard = [];
    engine = new Server();
    engine.addService(EngineService, {
      log: (call: ServerUnaryCall<LogRequest, Empty>, callback: sendUnaryData<Empty>) => {
        heard.push(call.request.getMessage());
        callback(null, new Empty());
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    address = `127.0.0.1:${port}`;
  });
  afterEach(() => {
    delete process.env["grpc_proxy"];
    engine.forceShutdown();
  });

  it("is reached without the proxy of the environment, which is for other machines", async () => {
    process.env["grpc_proxy"] = "http://127.0.0.1:1";
    const log = engineLog(address);
    log.voiceOf("urn").say("hello");
    await log.drained();
    assert.deepEqual(heard, ["hello"]);
  });
});

/** The engine's service, as far as it is used. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Send } from "./log-queue";

/** An engine that does not answer for so long misses what waits for it. */
const deadlineMs = 5000;

/** Sends messages to the log of the engine at this address. */
export function engineClient(address: string): Send {
  // The library would go through the proxy of the environment even to this machine, where the proxy cannot reach the engine.
  const engine = new EngineClient(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  return ({ urn, severity, text, isEphemeral }) => {
    const request = new LogRequest();
    request.setUrn(urn);
    request.setSeverity(severity === "warning" ? LogSeverity.WARNING : LogSeverity.INFO);
    request.setMessage(text);
    request.setEphemeral(isEphemeral);
    const options = { deadline: Date.now() + deadlineMs };
    return new Promise((resolve) => {
      engine.log(request, new Metadata(), options, (error) => resolve(error === null));
    });
  };
}

import { createRequire } from "node:module";
import { engineAddress } from "./engine-gone";

/** Shows a transient line during a run. Must not throw or block. */
export type LiveStatus = (line: string) => void;

/** The parts of gRPC and of the engine's interface that are used here; neither has declarations. */
interface Grpc {
  readonly credentials: { createInsecure(): unknown };
}
interface Log {
  setSeverity(severity: number): void;
  setMessage(text: string): void;
  setUrn(urn: string): void;
  setEphemeral(ephemeral: boolean): void;
}
interface Engine {
  log(request: Log, options: { readonly deadline: number }, done: (error: unknown) => void): void;
}

const severityInfo = 1;
const deadlineMs = 2000;

/**
 * Shows lines through the engine's log, beside the stack and without keeping them. The SDK's host does not pass on the engine's address, so it is
 * read from the command line.
 *
 * @returns undefined if there is no engine, or it cannot be reached
 */
export function liveStatus(address: string | undefined): LiveStatus | undefined {
  if (address === undefined || !engineAddress.test(address)) return undefined;
  try {
    // Resolved through the SDK, because its dependencies are not ours.
    const sdk = createRequire(createRequire(__filename).resolve("@pulumi/pulumi"));
    const { credentials } = sdk("@grpc/grpc-js") as Grpc;
    const { EngineClient } = sdk("@pulumi/pulumi/proto/engine_grpc_pb") as {
      readonly EngineClient: new (address: string, credentials: unknown) => Engine;
    };
    const { LogRequest } = sdk("@pulumi/pulumi/proto/engine_pb") as { readonly LogRequest: new () => Log };
    const engine = new EngineClient(address, credentials.createInsecure());
    let isBusy = false;
    return (line) => {
      // A slow engine receives fewer lines, since the next one replaces this one.
      if (isBusy) return;
      try {
        const request = new LogRequest();
        request.setSeverity(severityInfo);
        request.setMessage(line);
        request.setUrn("");
        request.setEphemeral(true);
        isBusy = true;
        engine.log(request, { deadline: Date.now() + deadlineMs }, () => {
          isBusy = false;
        });
      } catch {
        isBusy = false;
      }
    };
  } catch {
    return undefined;
  }
}

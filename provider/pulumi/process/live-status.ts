import { createRequire } from "node:module";
import { engineAddress } from "./engine-gone";

/** Shows a transient line during a run. Must not throw or block. */
export type LiveStatus = (line: string) => void;

/** The little that is used of gRPC and of the engine's interface; neither is declared for us. */
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
 * Lines through the engine's log, where the engine shows them beside the stack and forgets them. The SDK's host is told the
 * engine's address and keeps it to itself, so that it is read from the command line.
 *
 * @returns undefined where there is no engine, or none that can be spoken to: then there is nothing live
 */
export function liveStatus(address: string | undefined): LiveStatus | undefined {
  if (address === undefined || !engineAddress.test(address)) return undefined;
  try {
    // By way of the SDK: its own dependencies are not ours to find.
    const sdk = createRequire(createRequire(__filename).resolve("@pulumi/pulumi"));
    const { credentials } = sdk("@grpc/grpc-js") as Grpc;
    const { EngineClient } = sdk("@pulumi/pulumi/proto/engine_grpc_pb") as {
      readonly EngineClient: new (address: string, credentials: unknown) => Engine;
    };
    const { LogRequest } = sdk("@pulumi/pulumi/proto/engine_pb") as { readonly LogRequest: new () => Log };
    const engine = new EngineClient(address, credentials.createInsecure());
    let isBusy = false;
    return (line) => {
      // A slow engine gets fewer lines; the next one says more anyway.
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

/** Between the engine's messages and plain objects. */
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { inertText } from "../../report/pipeline-commands";
import type { PartialFailure } from "../common/partial-failure";
import { sendable, type MarkedProps } from "./values";

/** The object of a message; empty if the message has none. */
export function fromStruct(struct: Struct | undefined): MarkedProps {
  return struct?.toJavaScript() ?? {};
}

export function toStruct(value: MarkedProps): Struct {
  return Struct.fromJavaScript(sendable(value) as Record<string, JavaScriptValue>);
}

/** The error of a call: of a partial failure, with the state to keep. The engine prints `details`. */
export function callError(thrown: unknown): Partial<ServiceError> {
  if (isPartialFailure(thrown)) return partialError(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: status.UNKNOWN, details: inertText(message) };
}

/** What is loaded late has its own copy of the class. */
function isPartialFailure(thrown: unknown): thrown is PartialFailure {
  return thrown instanceof Error && "reasons" in thrown && "properties" in thrown;
}

function partialError({ id, properties, reasons, message }: PartialFailure): Partial<ServiceError> {
  const failed = new ErrorResourceInitFailed();
  failed.setId(id);
  failed.setProperties(toStruct(properties));
  failed.setReasonsList([...reasons]);
  const detail = new Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const whole = new Status();
  whole.setCode(status.UNKNOWN);
  whole.setMessage(message);
  whole.addDetails(detail);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(whole.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}

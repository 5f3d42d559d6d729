/** The plugin's server in this process, called over gRPC as the engine does it, with the messages of `facts` as plain objects. */
import {
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceError,
} from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { runsUntil, type Urgency } from "../../../provider/pulumi/process/cancellation";
import type { World } from "../../../provider/pulumi/process/world";
import { createProvider } from "../../../provider/pulumi/plugin/provider";
import { listen, pluginServer } from "../../../provider/pulumi/plugin/server";

export type Values = Readonly<Record<string, unknown>>;

/** The marker of a secret, and the placeholder for what is not known, as the engine sends them. */
export const S = (value: unknown): Values => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
export const U = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A partial failure as the engine reads it from the metadata of an error. */
export interface Partial {
  readonly id: string;
  readonly properties: Values;
  readonly reasons: readonly string[];
}

export interface Logged {
  readonly urn: string;
  readonly text: string;
  readonly severity: number;
  readonly isEphemeral: boolean;
}

export interface PluginInProcess {
  readonly client: ResourceProviderClient;
  /** What the engine was told, in the order of arrival. */
  readonly logged: Logged[];
  /** Sends a message and returns the answer as an object with the given Structs as plain values. */
  handshake(): Promise<messages.ProviderHandshakeResponse.AsObject>;
  attach(): Promise<void>;
  configure(args: Values, name?: string): Promise<void>;
  checkConfig(news: Values): Promise<Values>;
  diffConfig(olds: Values, news: Values): Promise<number>;
  check(
    news: Values,
    olds?: Values,
  ): Promise<{ inputs: Values; failures: readonly (readonly [string, string])[] }>;
  diff(olds: Values, news: Values): Promise<messages.DiffResponse.AsObject>;
  create(
    properties: Values,
    more?: { preview?: boolean; timeout?: number },
  ): Promise<{ id: string; properties: Values }>;
  update(olds: Values, news: Values, more?: { preview?: boolean }): Promise<Values>;
  read(
    properties: Values | undefined,
    inputs?: Values,
  ): Promise<{ id: string; properties: Values; inputs: Values }>;
  delete(properties: Values, id?: string): Promise<void>;
  cancel(): Promise<void>;
  /** What a second request to end does. */
  readonly end: (why: string) => void;
  close(): void;
}

export const urn = "urn:pulumi:test::lab::session-logoff:index:SessionLogoff::pre-patch";
const name = "pre-patch";
const id = "id-7";

const struct = (values: Values): Struct => Struct.fromJavaScript(values as Record<string, JavaScriptValue>);
const plain = (given: Struct | undefined): Values => given?.toJavaScript() ?? {};

/** The partial failure in an error. @throws the error, if it is another one */
export function partialOf(thrown: unknown): Partial {
  const [details] = (thrown as ServiceError).metadata.get("grpc-status-details-bin");
  if (details === undefined) throw thrown;
  const [any] = Status.deserializeBinary(details as Buffer).getDetailsList();
  const failed = messages.ErrorResourceInitFailed.deserializeBinary(any!.getValue_asU8());
  return {
    id: failed.getId(),
    properties: plain(failed.getProperties()),
    reasons: failed.getReasonsList(),
  };
}

/** @param options.today the variable PULUMI_CONFIG; `options.resource` is the type of the resource of all calls */
export async function pluginInProcess(
  front: World,
  { today, resource = "SessionLogoff" }: { readonly today?: string; readonly resource?: string } = {},
): Promise<PluginInProcess> {
  const type = `session-logoff:index:${resource}`;
  const urnOfCalls = urn.replace("session-logoff:index:SessionLogoff", type);
  const logged: Logged[] = [];
  const engine = new Server();
  engine.addService(EngineService, {
    log: (call: ServerUnaryCall<LogRequest, Empty>, callback: sendUnaryData<Empty>) => {
      const { request } = call;
      logged.push({
        urn: request.getUrn(),
        text: request.getMessage(),
        severity: request.getSeverity(),
        isEphemeral: request.getEphemeral(),
      });
      callback(null, new Empty());
    },
  });
  const enginePort = await new Promise<number>((resolve, reject) => {
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  let cancelAll: (why: string, urgency?: Urgency) => void = () => undefined;
  const server = pluginServer({
    schema: () => JSON.stringify({ name: "session-logoff", version: "9.8.7" }),
    load: (deps) => Promise.resolve(createProvider({ ...deps, world: () => Promise.resolve(front) })),
    runs: runsUntil({ start: (cancel) => (cancelAll = cancel), stop: () => undefined }),
    begin: () => undefined,
    cancel: () => cancelAll("the operation was cancelled", "patient"),
    engineAddress: undefined,
    configurationOfToday: today,
  });
  const port = await listen(server);
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
  });
  const call = <A>(send: (done: (error: ServiceError | null, answer: A) => void) => unknown): Promise<A> =>
    new Promise((resolve, reject) => {
      send((error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
  return {
    client,
    logged,
    handshake: async () => {
      const request = new messages.ProviderHandshakeRequest();
      request.setEngineAddress(`127.0.0.1:${enginePort}`);
      return (
        await call<messages.ProviderHandshakeResponse>((done) => client.handshake(request, done))
      ).toObject();
    },
    attach: async () => {
      const request = new PluginAttach();
      request.setAddress(`127.0.0.1:${enginePort}`);
      await call<Empty>((done) => client.attach(request, done));
    },
    configure: async (args, provider = "default") => {
      const request = new messages.ConfigureRequest();
      request.setArgs(struct(args));
      request.setName(provider);
      await call<messages.ConfigureResponse>((done) => client.configure(request, done));
    },
    checkConfig: async (news) => {
      const request = new messages.CheckRequest();
      request.setNews(struct(news));
      return plain(
        (await call<messages.CheckResponse>((done) => client.checkConfig(request, done))).getInputs(),
      );
    },
    diffConfig: async (olds, news) => {
      const request = new messages.DiffRequest();
      request.setOlds(struct(olds));
      request.setNews(struct(news));
      return (await call<messages.DiffResponse>((done) => client.diffConfig(request, done))).getChanges();
    },
    check: async (news, olds = {}) => {
      const request = new messages.CheckRequest();
      request.setUrn(urnOfCalls);
      request.setName(name);
      request.setType(type);
      request.setOlds(struct(olds));
      request.setNews(struct(news));
      const answer = await call<messages.CheckResponse>((done) => client.check(request, done));
      return {
        inputs: plain(answer.getInputs()),
        failures: answer.getFailuresList().map((one) => [one.getProperty(), one.getReason()] as const),
      };
    },
    diff: async (olds, news) => {
      const request = new messages.DiffRequest();
      request.setId(id);
      request.setUrn(urnOfCalls);
      request.setName(name);
      request.setType(type);
      request.setOlds(struct(olds));
      request.setNews(struct(news));
      return (await call<messages.DiffResponse>((done) => client.diff(request, done))).toObject();
    },
    create: async (properties, { preview = false, timeout = 0 } = {}) => {
      const request = new messages.CreateRequest();
      request.setUrn(urnOfCalls);
      request.setName(name);
      request.setType(type);
      request.setProperties(struct(properties));
      request.setPreview(preview);
      request.setTimeout(timeout);
      const answer = await call<messages.CreateResponse>((done) => client.create(request, done));
      return { id: answer.getId(), properties: plain(answer.getProperties()) };
    },
    update: async (olds, news, { preview = false } = {}) => {
      const request = new messages.UpdateRequest();
      request.setId(id);
      request.setUrn(urnOfCalls);
      request.setName(name);
      request.setType(type);
      request.setOlds(struct(olds));
      request.setNews(struct(news));
      request.setPreview(preview);
      return plain(
        (await call<messages.UpdateResponse>((done) => client.update(request, done))).getProperties(),
      );
    },
    read: async (properties, inputs) => {
      const request = new messages.ReadRequest();
      request.setId(id);
      request.setUrn(urnOfCalls);
      request.setName(name);
      request.setType(type);
      if (properties !== undefined) request.setProperties(struct(properties));
      if (inputs !== undefined) request.setInputs(struct(inputs));
      const answer = await call<messages.ReadResponse>((done) => client.read(request, done));
      return {
        id: answer.getId(),
        properties: plain(answer.getProperties()),
        inputs: plain(answer.getInputs()),
      };
    },
    delete: async (properties, itsId = id) => {
      const request = new messages.DeleteRequest();
      request.setId(itsId);
      request.setUrn(urnOfCalls);
      request.setName(name);
      request.setType(type);
      request.setProperties(struct(properties));
      await call<Empty>((done) => client.delete(request, done));
    },
    cancel: async () => {
      await call<Empty>((done) => client.cancel(new Empty(), done));
    },
    end: (why) => cancelAll(why),
    close: () => {
      client.close();
      server.forceShutdown();
      engine.forceShutdown();
    },
  };
}

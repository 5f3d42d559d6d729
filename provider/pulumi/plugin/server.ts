/** The service `pulumirpc.ResourceProvider`. What it does not implement, the engine is told so. */
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Runs } from "../process/cancellation";
import { engineLog, noLog } from "./engine-log";
import type { LogQueue } from "./log-queue";
import { propertiesOf, type Difference } from "./detailed-diff";
import type { Provider, ProviderDeps } from "./provider";
import type { ResourceAnswers, ResourceCall } from "./resource-answers";
import { callError, fromStruct, toStruct } from "./wire";

export interface PluginOptions {
  /** The schema of the package as JSON, with its version. */
  readonly schema: () => string;
  /** Loads the provider, on first use: an instance that is only asked for its schema needs none of it. */
  readonly load: (deps: Omit<ProviderDeps, "world">) => Promise<Provider>;
  readonly runs: Runs;
  /** A new instance of the provider begins: what was asked of an older one is over. */
  readonly begin: () => void;
  /** Stops what runs, without a deadline. */
  readonly cancel: () => void;
  /** Of the engine, if the command line says it. */
  readonly engineAddress: string | undefined;
  /** The variable PULUMI_CONFIG. */
  readonly configurationOfToday: string | undefined;
}

/** Starts to listen on this machine. @returns the port */
export async function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** A server with the service, which does not listen yet. */
export function pluginServer(options: PluginOptions): Server {
  // The client library's own limit of 4 MB is less than a few thousand hosts.
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, serviceOf(options));
  return server;
}

function serviceOf(options: PluginOptions): UntypedServiceImplementation {
  let log = options.engineAddress === undefined ? noLog : engineLog(options.engineAddress);
  const attach = (address: string): void => {
    if (log === noLog && address !== "") log = engineLog(address);
  };
  const version = (): string => (JSON.parse(options.schema()) as { readonly version: string }).version;
  let provider: Promise<Provider> | undefined;
  const { runs, configurationOfToday } = options;
  const loaded = (): Promise<Provider> =>
    (provider ??= options.load({ runs, log: () => log, configurationOfToday }));
  return {
    ...unary({
      handshake: (request: messages.ProviderHandshakeRequest) => {
        options.begin();
        attach(request.getEngineAddress());
        const response = new messages.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        return response;
      },
      attach: (request: PluginAttach) => {
        attach(request.getAddress());
        return new Empty();
      },
      getPluginInfo: () => {
        const response = new PluginInfo();
        response.setVersion(version());
        return response;
      },
      getSchema: () => {
        const response = new messages.GetSchemaResponse();
        response.setSchema(options.schema());
        return response;
      },
      cancel: () => {
        options.cancel();
        return new Empty();
      },
    }),
    ...unary({ ...configurationMethods(loaded), ...resourceMethods(loaded) }, () => log),
  };
}

function configurationMethods(loaded: () => Promise<Provider>): Methods {
  return {
    checkConfig: async (request: messages.CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(toStruct((await loaded()).checkConfiguration(fromStruct(request.getNews()))));
      return response;
    },
    diffConfig: async (request: messages.DiffRequest) => {
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const response = new messages.DiffResponse();
      response.setChanges(changesIf((await loaded()).isConfigurationChanged(olds, news)));
      return response;
    },
    configure: async (request: messages.ConfigureRequest) => {
      const name = request.getName() || nameIn(request.getUrn() ?? "");
      (await loaded()).configure(fromStruct(request.getArgs()), name);
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    },
  };
}

function resourceMethods(loaded: () => Promise<Provider>): Methods {
  const answersFor = async (request: ResourceRequest): Promise<ResourceAnswers> =>
    (await loaded()).resource(tokenIn(request.getUrn()));
  return {
    check: async (request: messages.CheckRequest) => {
      const { inputs, reasons } = (await answersFor(request)).check(
        callOf(request),
        fromStruct(request.getNews()),
      );
      const response = new messages.CheckResponse();
      response.setInputs(toStruct(inputs));
      // The engine prints the value of a failure's property, secrets included, so no property is named.
      response.setFailuresList(
        reasons.map((reason) => {
          const failure = new messages.CheckFailure();
          failure.setReason(reason);
          return failure;
        }),
      );
      return response;
    },
    diff: async (request: messages.DiffRequest) => {
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const differences = (await answersFor(request)).diff(callOf(request), olds, news);
      return diffResponse(differences);
    },
    create: async (request: messages.CreateRequest) => {
      const [answers, inputs] = [await answersFor(request), fromStruct(request.getProperties())];
      const response = new messages.CreateResponse();
      if (request.getPreview())
        response.setProperties(toStruct(await answers.previewCreate(callOf(request), inputs)));
      else {
        const { id, properties } = await answers.create(callOf(request), inputs);
        response.setId(id);
        response.setProperties(toStruct(properties));
      }
      return response;
    },
    read: async (request: messages.ReadRequest) => {
      const given = fromStruct(request.getProperties());
      const { id, properties } = await (
        await answersFor(request)
      ).read(callOf(request), request.getId(), given);
      const response = new messages.ReadResponse();
      response.setId(id);
      response.setProperties(toStruct(properties));
      response.setInputs(request.getInputs());
      return response;
    },
    update: async (request: messages.UpdateRequest) => {
      const [answers, call] = [await answersFor(request), callOf(request)];
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const properties = request.getPreview()
        ? await answers.previewUpdate(call, olds, news)
        : await answers.update(call, request.getId(), olds, news);
      const response = new messages.UpdateResponse();
      response.setProperties(toStruct(properties));
      return response;
    },
    delete: async (request: messages.DeleteRequest) => {
      await (
        await answersFor(request)
      ).delete(callOf(request), request.getId(), fromStruct(request.getProperties()));
      return new Empty();
    },
  };
}

function diffResponse(differences: ReadonlyMap<string, Difference>): messages.DiffResponse {
  const response = new messages.DiffResponse();
  response.setChanges(changesIf(differences.size > 0));
  response.setDiffsList([...propertiesOf(differences.keys())]);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(true);
  for (const [path, difference] of differences) {
    const detail = new messages.PropertyDiff();
    detail.setKind(kinds[difference]);
    response.getDetaileddiffMap().set(path, detail);
  }
  return response;
}

const { ADD, DELETE, UPDATE } = messages.PropertyDiff.Kind;
const kinds = { add: ADD, delete: DELETE, update: UPDATE };

function changesIf(isChanged: boolean): messages.DiffResponse.DiffChanges {
  const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
  return isChanged ? DIFF_SOME : DIFF_NONE;
}

interface ResourceRequest {
  getUrn(): string;
  getName(): string;
  getTimeout?(): number;
}

/** Older engines say neither name nor timeout. */
function callOf(request: ResourceRequest): ResourceCall {
  const urn = request.getUrn();
  return { urn, name: request.getName() || nameIn(urn), timeoutSeconds: request.getTimeout?.() ?? 0 };
}

/** The token of the resource's type in `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`. */
function tokenIn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function nameIn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

// The service calls each method with the message of its own request only.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Methods = Readonly<Record<string, (request: any) => unknown>>;

/** Handlers that answer what a method returns. With a log, they answer when it has taken everything that was said. */
function unary(methods: Methods, log?: () => LogQueue): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
        const answered = Promise.resolve()
          .then(() => method(call.request))
          .finally(() => log?.().drained());
        answered.then(
          (response) => callback(null, response),
          (thrown: unknown) => callback(callError(thrown)),
        );
      },
    ]),
  );
}

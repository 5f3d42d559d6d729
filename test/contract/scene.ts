/** What the tests of the contract share: a host, a client that is connected to it, and errors. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { LogoffError, type ErrorCode } from "../../provider/base/errors";
import type { Connect, Connection, Exec, Host } from "../../provider/connection";
import type { SshOptions } from "../../provider/ssh/open-ssh";
import { hostOf, never, serverFor, type Script, type ScriptedServer } from "../ssh/scripted-server";
import type { TestedClient } from "./contract";

/** A deadline that only a bug exceeds. */
export const patientMs = 60_000;
/** Options of a command without a deadline to speak of. */
export const patient = { timeoutMs: patientMs };
/** A deadline that is meant to expire: a host that does nothing cannot be too slow for it. */
export const shortMs = 700;

/** A host that is allowed as much time as it needs. */
export function patientHost(
  server: { readonly address: string; readonly port: number },
  changes: Partial<Host> = {},
): Host {
  return hostOf(server, { connectTimeoutMs: patientMs, ...changes });
}

export interface Scene {
  readonly server: ScriptedServer;
  readonly connection: Connection;
}

/** A server that does what the test says, and a connection to it. Both end with the test. */
export async function connected(
  t: TestContext,
  client: TestedClient,
  script: Script = {},
  changes: Partial<Host> = {},
  settings: Partial<SshOptions> = {},
): Promise<Scene> {
  const server = await serverFor(t, script);
  const connection = await client.open(settings).connect(patientHost(server, changes), never);
  t.after(() => connection.close());
  return { server, connection };
}

/** Connects, and closes the connection. */
export async function visit(connect: Connect, host: Host): Promise<readonly string[]> {
  const connection = await connect(host, never);
  await connection.close();
  return connection.warnings;
}

/** The error of a connection that must fail. It names the host by its label, unless it is about a credential that all hosts share or the run has ended. */
export async function failure(connect: Connect, host: Host, signal = never): Promise<LogoffError> {
  const error = await rejection(connect(host, signal).then((connection) => connection.close()));
  if (error.code !== "auth-unavailable" && error.code !== "aborted")
    assert.ok(error.message.includes(`"${host.label}"`), error.message);
  return error;
}

/** Expects the connection to fail with this code, and returns the error. */
export async function failsWith(connect: Connect, host: Host, code: ErrorCode): Promise<LogoffError> {
  const error = await failure(connect, host);
  assert.equal(error.code, code, error.message);
  return error;
}

/** Why a promise was rejected: always a LogoffError that can be printed. */
export async function rejection(promise: Promise<unknown>): Promise<LogoffError> {
  const error = await promise.then(
    () => assert.fail("it succeeded"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LogoffError, String(error));
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/u);
  return error;
}

/** Runs a command that must end with code 0, and returns what it wrote. */
export async function outputOf(exec: Exec, command: string, stdin?: Uint8Array): Promise<string> {
  const result = await exec(command, { ...patient, ...(stdin && { stdin }) });
  assert.equal(result.code, 0, Buffer.from(result.stderr).toString());
  return Buffer.from(result.stdout).toString();
}

export interface RawServer {
  readonly address: string;
  readonly port: number;
  readonly connections: () => number;
  readonly open: () => number;
}

/** A TCP server that handles each connection as a test says. It ends with the test. */
export async function rawServer(
  t: TestContext,
  onSocket: (socket: Socket, count: number) => void,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    onSocket(socket, (count += 1));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: "127.0.0.1", port, connections: () => count, open: () => sockets.size };
}

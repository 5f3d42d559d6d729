/**
 * The contract that every client of SSH keeps: what `provider/connection.ts` says of Connect, Connection and Exec, and what the documents
 * promise whichever client is used. The test files of this folder hold it, each for one subject.
 */
import assert from "node:assert/strict";
import { after, describe, type TestContext } from "node:test";
import { LogoffError, type ErrorCode } from "../../provider/base/errors";
import type { Connect, Connection, Exec, Host, Reach } from "../../provider/connection";
import type { SshOptions } from "../../provider/ssh/open-ssh";
import { hostOf, never, serverFor, type Script, type ScriptedServer } from "../ssh/scripted-server";
import { clients, type Ability, type Client } from "./clients";
import { env, filesLeft, home, programs } from "./scratch";

/** A client whose home and environment are those of `scratch.ts`, unless a test sets others. */
export interface TestedClient extends Omit<Client, "open"> {
  readonly open: (settings?: Partial<SshOptions>) => Reach;
}

/**
 * Defines the tests of one subject for every client that has the ability. When they have ended, no program that a client started and no file
 * that it made may be left.
 */
export function contract(subject: string, define: (client: TestedClient) => void, ability?: Ability): void {
  for (const client of clients) {
    const lack = ability && client.cannot[ability];
    describe(`${client.name}: ${subject}`, { skip: client.missing || (lack ?? false) }, () => {
      const tested: TestedClient = {
        ...client,
        open: (settings) => client.open({ home, env, ...settings }),
      };
      define(tested);
      // After the hooks of the subject, which end what its tests started.
      after(() => nothingIsLeft());
    });
  }
}

/** Waits until no program of a client is left, and no file but those that it keeps as long as this process lives. */
export async function nothingIsLeft(): Promise<void> {
  const left = (): readonly string[] => [
    ...programs()
      .map(({ commandLine }) => commandLine)
      .filter((line) => !clients.some(({ watchdog }) => watchdog?.test(line) ?? false)),
    ...filesLeft().filter((path) => !clients.some(({ keeps }) => keeps?.test(path) ?? false)),
  ];
  const endMs = performance.now() + slackMs;
  while (left().length > 0 && performance.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(left(), [], "nothing of the client is left");
}

/** For the option `skip` of a test that needs an ability: false, or why the client lacks it. */
export function needs(client: TestedClient, ability: Ability): string | false {
  return client.cannot[ability] ?? false;
}

/** A deadline that only a bug exceeds. */
export const patientMs = 60_000;
/** Options of a command without a deadline to speak of. */
export const patient = { timeoutMs: patientMs };
/** A deadline that is meant to expire: a host that does nothing cannot be too slow for it. */
export const shortMs = 700;
/** A deadline within which a refusal comes several times, also on a busy machine. */
export const repeatedMs = 2500;
/** By how much a deadline may be late on a busy machine. */
export const slackMs = 10_000;

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
  const server = await serverFor(t, afterProbe(client, script));
  const connection = await client.open(settings).connect(patientHost(server, changes), never);
  t.after(() => connection.close());
  server.commands.length = 0;
  return { server, connection };
}

/** A server that does what the script says, but answers the command with which a client logs in. */
export function afterProbe({ probe }: TestedClient, script: Script): Script {
  const { onExec, onSession } = script;
  if (probe === undefined) return script;
  return {
    ...script,
    ...(onExec && {
      onExec: (command, accept, ...more) => {
        if (command !== probe) {
          onExec(command, accept, ...more);
          return;
        }
        const channel = accept();
        channel.exit(0);
        channel.end();
      },
    }),
    ...(onSession && {
      onSession: (accept, reject, count) => (count > 1 ? onSession(accept, reject, count - 1) : true),
    }),
  };
}

/** Connects, and closes the connection. */
export async function visit(connect: Connect, host: Host): Promise<readonly string[]> {
  const connection = await connect(host, never);
  await connection.close();
  return connection.warnings;
}

/** Errors that are not about one host: several share a credential or a file, and a run ends as a whole. */
const sharedCodes: readonly ErrorCode[] = ["auth-unavailable", "plan-invalid", "aborted"];

/** The error of a connection that must fail. It names the host by its label, unless it is not about one host. */
export async function failure(connect: Connect, host: Host, signal = never): Promise<LogoffError> {
  const error = await rejection(connect(host, signal).then((connection) => connection.close()));
  if (!sharedCodes.includes(error.code)) assert.ok(error.message.includes(`"${host.label}"`), error.message);
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

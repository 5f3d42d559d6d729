/** Connections through the machine's ssh, as a run makes them, to real servers on loopback. */
import assert from "node:assert/strict";
import { LogoffError, type ErrorCode } from "../../provider/base/errors";
import type { Host } from "../../provider/connection";
import { openOpenSsh, type OpenSshOptions } from "../../provider/openssh/open-openssh";
import { bareOptions, never } from "../ssh/scripted-server";
import type { Farm, RealServer } from "../ssh/real-servers";

/** Variables of a client beside PATH and HOME. */
export type Variables = Readonly<Record<string, string>>;

const patientMs = 60_000;

/** A server of a farm, with its host keys pinned and without any credential. */
export function hostOf(farm: Farm, server: RealServer, changes: Partial<Host> = {}): Host {
  return {
    label: `${server.address}:${server.port}`,
    address: server.address,
    port: server.port,
    user: farm.user.name,
    login: { privateKeys: [] },
    hostKeys: { pinned: server.hostKeys.map((key) => key.publicText), strict: "yes" },
    jumpHosts: [],
    algorithms: "default",
    keepaliveMs: 0,
    connectTimeoutMs: patientMs,
    ...changes,
  };
}

/** Logs in, runs a command that must end with 0, and returns what it printed. */
export async function runOn(
  host: Host,
  command: string,
  variables: Variables = {},
  settings: Partial<OpenSshOptions> = {},
): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", ...variables };
  const connection = await openOpenSsh({ ...bareOptions({ env }), ...settings }).connect(host, never);
  try {
    const { code, stdout } = await connection.exec(command, { timeoutMs: patientMs });
    assert.equal(code, 0);
    return Buffer.from(stdout).toString().trim();
  } finally {
    await connection.close();
  }
}

/** Expects that there is no connection, for this reason. */
export async function failsWith(
  host: Host,
  code: ErrorCode,
  message: RegExp,
  variables: Variables = {},
): Promise<void> {
  const error = await runOn(host, "true", variables).then(
    () => assert.fail("it connected"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LogoffError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
}

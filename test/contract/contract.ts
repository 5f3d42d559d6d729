/**
 * The contract that every client of SSH keeps: what `provider/connection.ts` says of Connect, Connection and Exec, and what the documents
 * promise whichever client is used. The test files of this folder hold it, each for one subject.
 */
import assert from "node:assert/strict";
import { after, describe } from "node:test";
import type { Reach } from "../../provider/connection";
import type { SshOptions } from "../../provider/ssh/open-ssh";
import { until } from "../ssh/scripted-server";
import { clients, type Ability, type Client } from "./clients";
import { env, filesLeft, home, programs } from "./scratch";

/** A client whose home and environment are those of `scratch.ts`, unless a test sets others. */
export interface TestedClient extends Omit<Client, "open"> {
  readonly open: (settings?: Partial<SshOptions>) => Reach;
}

/**
 * Defines the tests of one subject for every client. When they have ended, no program that a client started and no file that it made may be
 * left.
 */
export function contract(subject: string, define: (client: TestedClient) => void): void {
  for (const client of clients)
    describe(`${client.name}: ${subject}`, { skip: client.missing }, () => {
      define({ ...client, open: (settings) => client.open({ home, env, ...settings }) });
      // After the hooks of the subject, which end what its tests started.
      after(() => nothingIsLeft());
    });
}

/** Waits until no program and no file of a client is left. */
export async function nothingIsLeft(): Promise<void> {
  const left = (): readonly string[] => [...programs().map(({ commandLine }) => commandLine), ...filesLeft()];
  await until(() => left().length === 0, "nothing of the client is left").catch((error: unknown) => {
    assert.deepEqual(left(), [], String(error));
  });
}

/** For the option `skip` of a test that needs an ability: false, or why the client lacks it. */
export function needs(client: TestedClient, ability: Ability): string | false {
  return client.cannot[ability] ?? false;
}

/** A process with a client of its own, for `close.test.ts`: it connects, runs a command, and closes the connection. */
import type { Host } from "../../provider/connection";
import { clients } from "./clients";

interface Order {
  readonly client: string;
  readonly host: Host;
  readonly command: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

async function main({ client: name, host, command, home, env }: Order): Promise<void> {
  Object.assign(process.env, env);
  const client = clients.find((each) => each.name === name);
  if (client === undefined) throw new Error(`no client is called ${name}`);
  const connection = await client.open({ home, env }).connect(host, new AbortController().signal);
  await connection.exec(command, { timeoutMs: 600_000 });
  await connection.close();
}

void main(JSON.parse(process.argv[2] ?? "") as Order);

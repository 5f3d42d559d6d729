/**
 * A Kerberos realm in a folder: MIT's KDC on a loopback port, users, a keytab for hosts, and tickets. Neither DNS nor /etc/krb5.conf takes
 * part. The programs come from Debian's packages krb5-kdc, krb5-admin-server and krb5-user (tools/kerberos/).
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../lab/until";

/** A running realm. */
export interface Realm {
  /** For sshd: where its keytab is. */
  readonly serverEnv: Readonly<Record<string, string>>;
  /** For a client that has never asked for a ticket. */
  readonly clientEnv: Readonly<Record<string, string>>;
  /** Gets a user a ticket, as `kinit` does with these options, and returns the environment of a client that holds it. */
  ticket(user: string, ...options: readonly string[]): Readonly<Record<string, string>>;
  /** As {@link Realm.ticket}, with a ticket that has expired. */
  expiredTicket(user: string): Promise<Readonly<Record<string, string>>>;
  /** Ends the KDC and removes the folder. */
  close(): Promise<void>;
}

export interface RealmOptions {
  /** Their principals: those who get tickets. */
  readonly users: readonly string[];
  /** The addresses or names that clients connect to. */
  readonly hosts: readonly string[];
}

const realm = "LAB.TEST";
const password = "Realm-Pa55word";

/** Starts a realm, or returns why this machine cannot run one. */
export async function startRealm({
  users,
  hosts,
}: RealmOptions): Promise<Realm | { readonly unavailable: string }> {
  const { missingKerberos } = await import("../../tools/kerberos/find.mjs");
  const unavailable = missingKerberos();
  if (unavailable !== undefined) return { unavailable };
  const folder = mkdtempSync(join(tmpdir(), "realm-"));
  // sshd keeps a ticket that it is handed as the user, who reads krb5.conf for it.
  chmodSync(folder, 0o755);
  const file = (name: string): string => join(folder, name);
  const port = await freePort();
  writeFileSync(file("krb5.conf"), clientConfig(port, hosts));
  writeFileSync(file("exact.conf"), clientConfig(port, hosts, "clockskew = 1"));
  writeFileSync(file("kdc.conf"), kdcConfig(port, folder));
  const common = { KRB5_CONFIG: file("krb5.conf"), KRB5_KDC_PROFILE: file("kdc.conf") };
  const env = {
    PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
    LC_ALL: "C",
    ...common,
  };
  const run = (program: string, args: readonly string[], input = "", more = {}): void =>
    void execFileSync(program, args, {
      input,
      env: { ...env, ...more },
      stdio: ["pipe", "ignore", "pipe"],
      timeout: 60_000,
    });

  run("kdb5_util", ["create", "-r", realm, "-s", "-P", password]);
  const admin = [
    ...users.map((user) => `addprinc -pw ${password} ${user}`),
    ...hosts.flatMap((host) => [
      `addprinc -randkey host/${host}`,
      `ktadd -k ${file("keytab")} -norandkey host/${host}`,
    ]),
  ];
  run("kadmin.local", ["-r", realm], `${admin.join("\n")}\n`);

  const kdc = spawn("krb5kdc", ["-n", "-r", realm, "-P", file("pid")], { env, stdio: "ignore" });
  const endWithUs = (): void => void kdc.kill("SIGKILL");
  process.once("exit", endWithUs);
  const close = async (): Promise<void> => {
    process.removeListener("exit", endWithUs);
    if (kdc.exitCode === null && kdc.signalCode === null) {
      const gone = once(kdc, "exit");
      kdc.kill("SIGKILL");
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const log = (): string => (existsSync(file("kdc.log")) ? readFileSync(file("kdc.log"), "utf8") : "");
  await until("the KDC listens", () => {
    if (kdc.exitCode !== null) throw new Error(`the KDC ended: ${log()}`);
    return log().includes("commencing operation");
  }).catch((error: unknown) => close().then(() => Promise.reject(error as Error)));

  let caches = 0;
  const newCache = (): Readonly<Record<string, string>> => ({
    KRB5_CONFIG: common.KRB5_CONFIG,
    KRB5CCNAME: `FILE:${file(`tickets-${(caches += 1)}`)}`,
  });
  const ticket: Realm["ticket"] = (user, ...options) => {
    const client = newCache();
    run("kinit", [...options, user], `${password}\n`, client);
    return client;
  };
  return {
    // A replay cache would be a file in /var/tmp that stays.
    serverEnv: {
      KRB5_CONFIG: common.KRB5_CONFIG,
      KRB5_KTNAME: `FILE:${file("keytab")}`,
      KRB5RCACHENAME: "none:",
    },
    clientEnv: newCache(),
    ticket,
    expiredTicket: async (user) => {
      // Otherwise tickets are good for five minutes more, in case a clock is wrong.
      const client = { ...ticket(user, "-l", "1s"), KRB5_CONFIG: file("exact.conf") };
      const args = ["--no-store", `host/${hosts[0] ?? ""}`];
      await until("the ticket has expired", () => {
        const asked = spawnSync("kvno", args, {
          env: { ...env, ...client },
          encoding: "utf8",
          timeout: 60_000,
        });
        return asked.stderr.includes("Ticket expired");
      });
      return client;
    },
    close,
  };
}

function clientConfig(port: number, hosts: readonly string[], more = ""): string {
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  ${more}
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
${hosts.map((host) => `  ${host} = ${realm}`).join("\n")}
`;
}

function kdcConfig(port: number, folder: string): string {
  return `[kdcdefaults]
  kdc_ports = ""
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${realm} = {
    database_name = ${folder}/principals
    key_stash_file = ${folder}/stash
    acl_file = ${folder}/acl
  }
[logging]
  kdc = FILE:${folder}/kdc.log
  admin_server = FILE:${folder}/admin.log
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

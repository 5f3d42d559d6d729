import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { Host, Secret } from "../../connection";
import type { SshContext } from "../options";
import { keyRefusal, type AllowedAlgorithms } from "../transport/algorithms";
import { agentPath, readAgentKeys, type AgentKey } from "./agent";
import { readIdentity, type Identity } from "./identities";
import type { ParsePrivateKey, PrivateKey } from "./private-key";
import { secretSource, unusable, type ReadSecret } from "./secret";

/** What to do without a credential that can be offered. */
export const giveCredential =
  "set `connection.privateKeyFile` or `connection.passwordEnv`, or load a key into your SSH agent";

/** The credentials of a login, read and opened, in the order in which they are offered. */
export interface Credentials {
  readonly keys: readonly PrivateKey[];
  readonly agentKeys: readonly AgentKey[];
  readonly password?: string;
  /** Texts that must not appear anywhere. */
  readonly secrets: readonly string[];
  /** The skipped credentials and why, for the error of a failed login. */
  readonly notes: readonly string[];
}

/** The settings of ssh_config for the login to a host. */
export interface Identities {
  /** Absolute paths; missing files are skipped. Absent: OpenSSH's default files. */
  readonly files?: readonly string[];
  /** Whether to use only a named agent, and to offer only those of its keys that are in the files (IdentitiesOnly). */
  readonly only: boolean;
}

/** The rules for choosing the credentials of a host. */
interface LoginRules {
  readonly identities: Identities;
  readonly algorithms: AllowedAlgorithms;
}

/** Tools for reading secrets. The first two have caches, which the connections of a process share. */
export interface SecretTools {
  readonly read: ReadSecret;
  readonly parse: ParsePrivateKey;
  /** Receives what is being waited for, in the words of the error of the deadline. */
  readonly prepares: (unfinished: string) => void;
}

/** sshd's MaxAuthTries is 6 and counts every key; the last attempt is left for the password. */
const mostKeys = 5;

/**
 * Reads the credentials for a host before connecting, so that a key that cannot be opened does not disturb the host.
 * A named credential must be usable. If none is named, OpenSSH's defaults are tried, and skipped if they are missing or need
 * a passphrase that we do not have: the agent of `SSH_AUTH_SOCK` and `~/.ssh/id_ed25519`, `id_ecdsa`, `id_rsa`.
 * @throws LogoffError `auth-unavailable` if a named credential cannot be used or there is nothing to offer
 */
export async function readCredentials(
  host: Pick<Host, "label" | "login">,
  { identities, algorithms }: LoginRules,
  context: SshContext,
  { read: readUnnamed, parse, prepares }: SecretTools,
  signal: AbortSignal,
): Promise<Credentials> {
  const { login } = host;
  const notes: string[] = [];
  const agent = login.agent === false ? undefined : login.agent;
  const named = login.privateKeys.length > 0 || login.password !== undefined || agent !== undefined;
  const read: ReadSecret = (secret, what) => {
    prepares(`${what} (${secretSource(secret)}) was not read`);
    return readUnnamed(secret, what);
  };
  const passphrase = login.passphrase && (await read(login.passphrase, "passphrase"));
  const password = login.password && (await read(login.password, "password"));
  const secrets = [password, passphrase].filter((secret) => secret !== undefined);

  const open = async (secret: Secret): Promise<PrivateKey> => {
    const text = await read(secret, "private key");
    prepares(`private key (${secretSource(secret)}) was not opened`);
    const key = await parse(text, passphrase, secret);
    const refusal = keyRefusal(key.blob, algorithms);
    if (refusal !== undefined) throw unusable("private key", secret, refusal);
    return key;
  };
  const keys: PrivateKey[] = [];
  for (const secret of login.privateKeys) keys.push(await open(secret));
  const asked = agent ?? (named || identities.only || login.agent === false ? undefined : true);
  const defaults = defaultFiles(context);
  const files = login.privateKeys.length > 0 ? [] : (identities.files ?? (named ? [] : defaults));
  const chosen = identities.only && asked !== undefined ? (identities.files ?? defaults) : files;
  const inFiles: Identity[] = [];
  for (const path of chosen) {
    prepares(`the file "${path}" was not read`);
    const identity = await readIdentity(path, open);
    inFiles.push(identity);
    if (!files.includes(path)) continue;
    if (identity.key !== undefined) keys.push(identity.key);
    if (identity.note !== undefined) notes.push(identity.note);
  }
  if (identities.only && asked === undefined && inFiles.some(({ key, blob }) => blob && !key))
    notes.push("a public key as IdentityFile needs an agent; with IdentitiesOnly, name one");
  const required = agent !== undefined && keys.length === 0 && password === undefined;
  prepares("the agent did not list its keys");
  const held =
    asked === undefined ? [] : await agentKeys(host.label, asked, required, context, signal, notes);
  const found = held.filter((key) => {
    const refusal = keyRefusal(key.blob, algorithms);
    if (refusal !== undefined) notes.push(`${key.label} was not offered: ${refusal}`);
    return refusal === undefined;
  });
  const isChosen = (key: AgentKey): boolean => inFiles.some(({ blob }) => blob?.equals(key.blob));
  const others = found.filter((key) => !keys.some((own) => own.blob.equals(key.blob)));
  // As in OpenSSH, keys named in ssh_config come first, because a host allows only a few attempts.
  const ofAgent = [
    ...others.filter(isChosen),
    ...(identities.only ? [] : others.filter((key) => !isChosen(key))),
  ];
  if (found.length > 0 && identities.only && ofAgent.length === 0 && keys.length === 0)
    notes.push("IdentitiesOnly is set, and none of the agent's keys is in an IdentityFile");

  if (keys.length === 0 && ofAgent.length === 0 && password === undefined) {
    const why = notes.length > 0 ? `: ${notes.join("; ")}` : "";
    const message = `Cannot log in to "${host.label}": there is no private key, agent or password to offer${why}; ${giveCredential}`;
    throw new LogoffError("auth-unavailable", message);
  }
  const left = keys.length + ofAgent.length - mostKeys;
  if (left > 0)
    notes.push(
      `${left} more ${left === 1 ? "key was" : "keys were"} not offered, because hosts may disconnect after five`,
    );
  const offered = keys.slice(0, mostKeys);
  return {
    keys: offered,
    agentKeys: ofAgent.slice(0, mostKeys - offered.length),
    secrets,
    notes,
    ...(password !== undefined && { password }),
  };
}

function defaultFiles(context: SshContext): readonly string[] {
  return ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => `${context.home}/.ssh/${name}`);
}

async function agentKeys(
  label: string,
  asked: string | true,
  required: boolean,
  context: SshContext,
  signal: AbortSignal,
  notes: string[],
): Promise<readonly AgentKey[]> {
  const path = agentPath(asked, context);
  if (path === undefined) {
    notes.push("SSH_AUTH_SOCK is not set, so there is no agent");
    return [];
  }
  try {
    const keys = await readAgentKeys(path, signal);
    if (keys.length === 0) notes.push("the agent has no keys");
    return keys;
  } catch (thrown) {
    if (thrown instanceof LogoffError) throw thrown;
    const reason = printable((thrown as NodeJS.ErrnoException).code ?? (thrown as Error).message);
    if (!required) {
      notes.push(`the agent at "${path}" did not answer (${reason})`);
      return [];
    }
    const message = `Cannot log in to "${label}": the agent at "${path}" did not answer (${reason})`;
    throw new LogoffError("auth-unavailable", message);
  }
}

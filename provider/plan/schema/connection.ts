/** The declarations of the input `connection`, of jump hosts and of the stack configuration. */
import type { PlanProblem } from "../../base/errors";
import { isNoCommand, unknownToken } from "../../base/proxy-command";
import { isRecord } from "../../base/records";
import { isUserName, parseAddress, type Address } from "../address";
import { problem, quoted, type Path } from "../problem";
import { isUnknown } from "../unknown";
import { defaulted, object, option, optional, required, type Fields } from "./field";
import {
  converted,
  duration,
  leaf,
  line,
  listOf,
  matching,
  oneForm,
  oneOf,
  text,
  wholeNumber,
  type Shape,
} from "./shape";

/** A login name. */
export const userName = leaf("a user name on one line", (value) =>
  typeof value === "string" && isUserName(value) ? value : undefined,
);
/** A TCP port. */
export const port = wholeNumber(1, 65535);
const privateKey = leaf(
  "the text of a private key, which begins with -----BEGIN (for a path, use `connection.privateKeyFile`)",
  (value) =>
    typeof value === "string" && /^\s*["'`]?\s*(?:-----BEGIN |PuTTY-User-Key-File-)/u.test(value)
      ? value
      : undefined,
);
const secretText = leaf("text that is not empty", (value) =>
  typeof value === "string" && value !== "" ? value : undefined,
);
const variable = matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/u, "the name of an environment variable");
const path = line("a path", 4096);
const pathOrFlag = leaf<string | boolean>(
  "true, false or a path",
  (value) =>
    typeof value === "boolean" || (typeof value === "string" && value.trim() !== "") ? value : undefined,
  { kind: "union", of: [{ kind: "boolean" }, { kind: "string" }] },
);
/** A ProxyCommand. It may hold a credential, so a problem quotes nothing of it. */
const proxyCommand = converted(line('a command on one line, or "none"', 4096), (command, path, problems) => {
  if (isNoCommand(command) || unknownToken(command) === undefined) return command;
  problems.push(problem(path, "must hold only the tokens %h, %n, %p, %r and %% (a percent sign)"));
  return undefined;
});
const knownHosts = text("the text of a known_hosts file (for a path, use `connection.knownHostsFile`)");
const hostKey = matching(
  /^(?:SHA256:[A-Za-z0-9+/]{43}=?|[a-z0-9@.-]{3,64} AAAA[A-Za-z0-9+/]+={0,2}(?: [^\r\n]*)?)$/u,
  'a fingerprint "SHA256:..." or a public key such as "ssh-ed25519 AAAA..."',
);

/** Reads `[user@]address[:port]`. */
export const hostAddress: Shape<Address> = {
  type: { kind: "string" },
  read: (value, path, problems) => {
    if (isUnknown(value)) return undefined;
    const result =
      typeof value === "string" ? parseAddress(value) : { wrong: "must be [user@]address[:port]" };
    if ("address" in result) return result.address;
    problems.push(problem(path, result.wrong));
    return undefined;
  },
};

/** The fields that reach and trust a host and log in to it, but for jump hosts. */
const ownFields = {
  user: optional(
    "Login name. Default: stack configuration `session-logoff:user`, then the name of the local user.",
    userName,
    {
      option: option("Connection", "--user NAME", "login name for hosts that are given without one"),
    },
  ),
  port: optional(
    "TCP port. Default: 22. If a port belongs to a single host, set it with that host, since it is part of the host's identity.",
    port,
  ),
  privateKey: optional(
    "Text of a private key. Cannot be combined with `privateKeyFile`. Stored as a secret.",
    privateKey,
    { secret: true },
  ),
  privateKeyFile: optional(
    "Path of a private key. Relative paths start at the program's folder; `~` is the home folder.",
    path,
    {
      option: option("Connection", "--identity FILE", "private key file", { completes: "file" }),
    },
  ),
  passphrase: optional(
    "Passphrase of the private key. Cannot be combined with `passphraseEnv`. Stored as a secret.",
    secretText,
    { secret: true },
  ),
  password: optional(
    "Password, also used for keyboard-interactive logins. Cannot be combined with `passwordEnv`. Stored as a secret.",
    secretText,
    { secret: true },
  ),
  passwordEnv: optional(
    "Name of the environment variable that holds the password, read from the environment of `pulumi`.",
    variable,
    {
      option: option("Connection", "--password-env VARIABLE", "environment variable that holds the password"),
    },
  ),
  passphraseEnv: optional(
    "Name of the environment variable that holds the passphrase, read from the environment of `pulumi`.",
    variable,
    {
      option: option(
        "Connection",
        "--passphrase-env VARIABLE",
        "environment variable that holds the passphrase of the private key",
      ),
    },
  ),
  agent: optional(
    "The SSH agent to use: true for the agent of `SSH_AUTH_SOCK`, the path of an agent's socket or pipe, or false for no agent. Default: the agent of `SSH_AUTH_SOCK` if no key or password is set.",
    pathOrFlag,
  ),
  knownHosts: optional(
    "The text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files.",
    knownHosts,
  ),
  knownHostsFile: optional("The path of a known_hosts file.", path, {
    option: option("Connection", "--known-hosts FILE", "known_hosts file to use instead of OpenSSH's own", {
      completes: "file",
    }),
  }),
  hostKey: optional(
    "The only key to accept: a fingerprint (`SHA256:...`) or a public key. With several hosts, set it per host. Default: the keys in known_hosts.",
    hostKey,
    {
      option: option(
        "Connection",
        "--host-key KEY",
        "the only host key to accept, SHA256:... or a public key; for a single host",
      ),
    },
  ),
  strictHostKeyChecking: defaulted(
    "`yes` (default): a host must have a known key. `accept-new`: the key of an unknown host is accepted and remembered. `no`: any key that is not revoked is accepted, and no password is offered.",
    oneOf("yes", "accept-new", "no"),
    "yes",
    {
      option: option(
        "Connection",
        "--accept-new",
        "accept and record the keys of hosts that are not in known_hosts yet",
        { sets: "accept-new" },
      ),
    },
  ),
  sshConfig: optional(
    "The ssh_config to read: true for OpenSSH's own files, or a path. Default: false; with `client: openssh`, true.",
    pathOrFlag,
    {
      option: option(
        "Connection",
        "--ssh-config FILE",
        "ssh_config file to read; default: none, or OpenSSH's own if ssh itself connects",
        {
          completes: "file",
        },
      ),
    },
  ),
  proxyCommand: optional(
    "Command whose standard input and output carry the connection, run by the shell of the machine that runs Pulumi, as OpenSSH does it. Tokens: %h, %n (host), %p (port), %r (user), %%. `none`: a direct connection, whatever ssh_config says. Cannot be combined with `jumpHosts`. Stored as a secret. Default: none.",
    proxyCommand,
    {
      secret: true,
      option: option(
        "Connection",
        "--proxy-command COMMAND",
        "command that connects to a host, as in ssh_config; tokens %h %n %p %r %%",
      ),
    },
  ),
  algorithms: defaulted(
    "`default`, or `legacy` to also offer algorithms that OpenSSH has disabled, for old servers. Default: `default`.",
    oneOf("default", "legacy"),
    "default",
    {
      option: option(
        "Connection",
        "--legacy-algorithms",
        "also offer algorithms that OpenSSH has disabled, for old SSH servers",
        {
          sets: "legacy",
        },
      ),
    },
  ),
  keepalive: defaulted(
    "Time between keepalives, at most 1h; 0 sends none. The connection ends after three without an answer. Default: 15s.",
    duration(0, 3_600_000),
    15_000,
  ),
};

const jumpHostConnection = object(
  "JumpHostConnectionArgs",
  "Settings of the connection to a jump host: those of `connection` without `client` and `jumpHosts`.",
  ownFields,
);

const jumpHostObject = object(
  "JumpHostArgs",
  "A jump host. Fields that its connection does not set are taken from the resource's `connection`, except `port`, `hostKey`, `jumpHosts` and `proxyCommand`. Nothing is taken from the host behind it.",
  {
    host: required("`[user@]address[:port]`, with IPv6 addresses in brackets.", hostAddress),
    user: optional(
      "Login name, unless `host` contains it. Default: that of the resource's `connection`.",
      userName,
    ),
    port: optional("TCP port, unless `host` contains it. Default: 22.", port),
    connection: optional("Settings that differ from the resource's `connection`.", jumpHostConnection),
  },
);
export type JumpFields = Fields<typeof jumpHostObject.fields>;

const addressOfJumpHost: Shape<JumpFields> = {
  type: hostAddress.type,
  read: (value, path, problems) => {
    const host = hostAddress.read(value, path, problems);
    return host === undefined ? undefined : { host };
  },
};
const jumpHost: Shape<JumpFields> = oneForm(
  { kind: "union", of: [{ kind: "string" }, jumpHostObject.type] },
  (value): Shape<JumpFields> => (typeof value === "string" ? addressOfJumpHost : jumpHostObject),
);

/** The input `connection`. Each field is checked alone; {@link checkExclusiveFields} checks combinations. */
export const connection = object(
  "ConnectionArgs",
  "How to connect to a host, log in and verify its key. Each field is taken from the host if set there, otherwise from the resource, otherwise from the stack configuration.",
  {
    ...ownFields,
    client: defaulted(
      "The SSH client: `builtin` (default), or `openssh` for this machine's own `ssh`, with Kerberos, certificates, security keys and everything else that it can do. With `openssh`, `sshConfig` is true unless it is set, and `algorithms: legacy`, `strictHostKeyChecking: no` and jump hosts with credentials of their own are not possible.",
      oneOf("builtin", "openssh"),
      "builtin",
      {
        option: option(
          "Connection",
          "--ssh-client CLIENT",
          "builtin (default), or openssh for this machine's own ssh",
          {
            completes: ["builtin", "openssh"],
          },
        ),
      },
    ),
    jumpHosts: optional(
      "Jump hosts in the order in which the connection passes through them. Default: none.",
      listOf(jumpHost, "a list of [user@]address[:port] or `{ host, user, port, connection }`"),
      {
        option: option(
          "Connection",
          "--jump HOST,HOST",
          "jump hosts, starting with the one nearest to this machine",
          {
            kind: "list",
          },
        ),
      },
    ),
  },
);
export type ConnectionFields = Fields<typeof connection.fields>;

/** The stack configuration. */
export const stackDefaults = object(
  "StackConfiguration",
  "Connection settings from the stack configuration, used where neither the host nor the resource sets a value.",
  {
    user: optional("Login name.", userName),
    password: optional("Password.", secretText, { secret: true }),
    privateKey: optional("Text of a private key.", privateKey, { secret: true }),
    passphrase: optional("Passphrase of the private key.", secretText, { secret: true }),
    knownHosts: optional("Text of a known_hosts file.", knownHosts),
  },
);

/** Adds a problem for every pair of fields that cannot be combined, in the connection as given and in those of its jump hosts. */
export function checkExclusiveFields(value: unknown, at: Path, problems: PlanProblem[]): void {
  if (!isRecord(value)) return;
  for (const [byValue, byReference] of [
    ["privateKey", "privateKeyFile"],
    ["passphrase", "passphraseEnv"],
    ["password", "passwordEnv"],
  ] as const) {
    if (value[byValue] !== undefined && value[byReference] !== undefined) {
      problems.push(
        problem(
          [...at, byReference],
          `cannot be combined with ${quoted([...at, byValue])}: set only one of them`,
        ),
      );
    }
  }
  const jumpHosts: readonly unknown[] = Array.isArray(value["jumpHosts"]) ? value["jumpHosts"] : [];
  if (value["proxyCommand"] !== undefined && jumpHosts.length > 0) {
    const advice = `cannot be combined with ${quoted([...at, "jumpHosts"])}, of which the first can have a proxy command of its own`;
    problems.push(problem([...at, "proxyCommand"], advice));
  }
  for (const [index, jumpHost] of jumpHosts.entries()) {
    const own = isRecord(jumpHost) ? jumpHost["connection"] : undefined;
    const ownPath = [...at, "jumpHosts", index, "connection"];
    checkExclusiveFields(own, ownPath, problems);
    if (index > 0 && isRecord(own) && own["proxyCommand"] !== undefined) {
      const advice =
        "can only be set for the first jump host: each of the others is reached through the one before it";
      problems.push(problem([...ownPath, "proxyCommand"], advice));
    }
  }
}

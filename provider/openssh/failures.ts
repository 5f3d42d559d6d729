/** Turns the log of a connection that failed into the error for the operator, and says whether a retry may succeed. */
import { LogoffError } from "../base/errors";
import type { Host } from "../connection";
import type { Quote } from "../ssh/login/redact";
import { kerberosAdvice } from "./login/kerberos";
import type { ConnectionLog } from "./log-lines";

/** What is known besides the log. */
export interface LoginFacts {
  readonly host: Host & { readonly user: string };
  /** Its name in known_hosts, without a port. */
  readonly knownAs: string;
  readonly quote: Quote;
  /** The last lines of its proxy command. */
  readonly proxyWords: readonly string[];
  /** The known_hosts files that cannot be read, because of which `accept-new` accepts no key. */
  readonly unreadable?: string;
  /** Whether the password was given to ssh. */
  readonly isPasswordOffered: boolean;
  /** The prompt that was not answered, as ssh showed it. */
  readonly unansweredPrompt?: string;
  /** Whether a host has accepted the password of this login from this user. */
  readonly hasPassword: () => boolean;
  /** Whether a host has accepted the key of this fingerprint from this user. */
  readonly hasKey: (fingerprint: string) => boolean;
}

/** A failure, and whether a retry may succeed. */
export interface Failure {
  readonly error: LogoffError;
  readonly mayPass: boolean;
  /** Whether the host is refusing connections, which an early retry could only prolong. */
  readonly isTurnedAway?: true;
}

const checkLogin = "check the login name, and the key or the password";
const checkCertificate =
  "to see for whom and until when a certificate is valid: ssh-keygen -L -f FILE-cert.pub";
const giveCredential =
  "set `connection.privateKeyFile` or `connection.passwordEnv`, load a key into your SSH agent, or get a Kerberos ticket";

/** The failure of a connection whose ssh ended before the login was complete. */
export function connectionFailure(log: ConnectionLog, facts: LoginFacts): Failure {
  const { host } = facts;
  if (log.untrusted !== undefined) return never(hostKeyError(log, facts));
  if (log.noMatch !== undefined) {
    const { kind, theirs } = log.noMatch;
    const message = `Cannot agree with "${host.label}" on the ${kind}: it offers only ${facts.quote(theirs)}, which this machine's ssh does not allow; set it in ssh_config for this host, or update the host's SSH server`;
    return never(new LogoffError("no-common-algorithm", message));
  }
  if (log.isTrusted) return loginFailure(log, facts);
  return notReached(log, facts);
}

function never(error: LogoffError): Failure {
  return { error, mayPass: false };
}

function hostKeyError(log: ConnectionLog, facts: LoginFacts): LogoffError {
  const { host, quote, unreadable } = facts;
  const { label, hostKeys } = host;
  const key = `its key ${log.hostKey ?? "(unreadable)"}`;
  const certificate =
    log.certificate === undefined ? "" : `; its certificate is not accepted: ${quote(log.certificate)}`;
  if (log.untrusted === "revoked")
    return new LogoffError(
      "host-key-revoked",
      `Cannot trust "${label}": ${key} is @revoked in known_hosts or RevokedHostKeys; give the host a new key`,
    );
  if (hostKeys.pinned.length > 0) {
    const prints = hostKeys.pinned.join(", ");
    const message = `Cannot trust "${label}": ${key} is not the pinned one (\`connection.hostKey\`: ${prints}); compare it with the host's own key before you pin it instead`;
    return new LogoffError("host-key-changed", message);
  }
  if (log.untrusted === "changed") {
    const where = log.offending === undefined ? "in known_hosts" : `at ${quote(log.offending)}`;
    const message = `Cannot trust "${label}": ${key} is not the known one ${where}; the host was reinstalled, or someone is intercepting the connection: compare the key with the host's own, and only then replace that line`;
    return new LogoffError("host-key-changed", message + certificate);
  }
  const refused =
    unreadable === undefined
      ? ""
      : `; looked in ${quote(unreadable)} (\`connection.strictHostKeyChecking: accept-new\` accepts a key only if every known_hosts file can be read)`;
  if (log.certificate !== undefined && /expired/u.test(log.certificate))
    return new LogoffError(
      "host-key-unknown",
      `Cannot trust "${label}": ${key} is unknown${certificate}; renew the host's certificate`,
    );
  const message = `Cannot trust "${label}": ${key} is unknown${certificate}${refused}; compare it with the host's own (on the host: ssh-keygen -lf FILE.pub), and then ${howToTrust(log, facts)}`;
  return new LogoffError("host-key-unknown", message);
}

/** The log has the fingerprint of the key, but not the key. */
function howToTrust({ usesProxyCommand }: ConnectionLog, { host, knownAs, quote }: LoginFacts): string {
  const { address, port = 22, jumpHosts } = host;
  if (usesProxyCommand || jumpHosts.length > 0)
    return "connect by hand once with ssh, which adds it to known_hosts";
  const name = knownAs === address.toLowerCase() ? "" : ` (with "${quote(knownAs)}" as its name)`;
  return `add to known_hosts the line with this key${name} of: ssh-keyscan${port === 22 ? "" : ` -p ${port}`} ${address}`;
}

/** The failure of a login. A credential that was offered is never offered again. */
function loginFailure(log: ConnectionLog, facts: LoginFacts): Failure {
  const { host, quote, isPasswordOffered } = facts;
  const offered = [
    ...log.offeredKeys.map(({ label }) => `publickey (${label})`),
    ...(isKerberosTried(log) && log.kerberosProblem === undefined ? ["Kerberos (gssapi-with-mic)"] : []),
    ...(isPasswordOffered ? ["password"] : []),
  ];
  const isProven =
    log.offeredKeys.some(({ fingerprint }) => facts.hasKey(fingerprint)) ||
    (isPasswordOffered && facts.hasPassword());
  const kerberos =
    isKerberosTried(log) && log.kerberosProblem !== undefined
      ? kerberosAdvice(log.kerberosProblem, quote)
      : undefined;
  const accepts = log.accepts.length > 0 ? `the host accepts ${quote(log.accepts.join(", "))}` : "";
  const asked =
    facts.unansweredPrompt === undefined
      ? ""
      : `the host asks for "${quote(facts.unansweredPrompt)}", which only a person can answer`;
  const denied = log.words.some((line) =>
    /: Permission denied \(.*\)\.$|^Permission denied \(.*\)\.$/u.test(line),
  );
  const tooMany = log.words.some((line) => /Too many authentication failures/u.test(line));
  const ended = lastLine(log);
  if (!denied && !tooMany && asked === "" && !log.isRejected) {
    const when = offered.length > 0 ? " while a login was being checked" : "";
    const message = `Cannot connect to "${host.label}": the connection was closed${when}${ended === undefined ? "" : ` (${quote(ended)})`}`;
    return {
      error: new LogoffError("host-unreachable", message, { isProven }),
      mayPass: offered.length === 0,
    };
  }
  const unsigned = log.words.find((line) =>
    /sign_and_send_pubkey|agent refused operation|no mutual signature/u.test(line),
  );
  const detail = [
    accepts,
    kerberos ?? "",
    asked,
    unsigned === undefined ? "" : quote(unsigned),
    denied || asked !== "" || ended === undefined ? "" : `then ${quote(ended)}`,
  ].filter((text) => text !== "");
  const isOffered = offered.length > 0;
  const what = isOffered ? `rejected: ${offered.join(", ")}` : "no credential that it accepts was given";
  const hasCertificate = log.offeredKeys.some(({ label }) => /^\S+-cert /u.test(label));
  const toDo = isOffered
    ? [checkLogin, ...(hasCertificate ? [checkCertificate] : [])]
    : kerberos === undefined
      ? [giveCredential]
      : [];
  const advice = asked === "" ? toDo.map((text) => `; ${text}`).join("") : "";
  const message = `Cannot log in to "${host.label}" as "${quote(host.user)}": ${[what, ...detail].join("; ")}${advice}`;
  return never(
    new LogoffError(isOffered ? "auth-rejected" : "auth-unavailable", message, { atLogin: true, isProven }),
  );
}

function isKerberosTried({ methods, accepts }: ConnectionLog): boolean {
  return [methods, accepts].every((names) => names.some((name) => name.startsWith("gssapi")));
}

/** What ssh says when there is no connection yet, and what it means. */
const reasons: readonly (readonly [RegExp, string | undefined, boolean])[] = [
  [/: Connection refused$/u, "the port is closed: nothing listens there", true],
  [/: (?:Connection timed out|Operation timed out)$/u, "no answer", true],
  [/: No route to host$/u, "there is no route to it", true],
  [/: Network is unreachable$/u, "the network is unreachable", true],
  [/: Temporary failure in name resolution$/u, "DNS does not answer", true],
  [/Could not resolve hostname .*: Try again$/u, "DNS does not answer", true],
  [/Could not resolve hostname/u, "its name is unknown to DNS; check the spelling", false],
  [
    /Connection reset by/u,
    "the connection was reset; check that the port is its SSH server's, and that the server accepts this machine",
    true,
  ],
  [
    /^(?:kex_exchange_identification|ssh_exchange_identification): (?:read: )?Connection (?:closed|reset)/u,
    "it closed the connection at once; check that the port is its SSH server's, and that the server accepts this machine",
    true,
  ],
  [
    /^Connection closed by/u,
    "it closed the connection at once; check that the port is its SSH server's, and that the server accepts this machine",
    true,
  ],
  [/^Connection to .* closed by remote host/u, "it closed the connection at once", true],
];

/**
 * What shells say under LC_ALL=C when they find no program (exit code 127) or cannot run it (126). ssh does not tell the exit code of a
 * ProxyCommand.
 */
const shellFailed = /^(?:\S*\/)?\w*sh:.*(?:not found|Permission denied|cannot execute)/u;

function notReached(log: ConnectionLog, { host, quote, proxyWords }: LoginFacts): Failure {
  const refusal = log.words
    .map((line) =>
      /^(?:kex_exchange_identification|ssh_exchange_identification): banner line contains invalid|^Received disconnect from .*: (\d+): (.*)$/u.exec(
        line,
      ),
    )
    .find((found) => found !== null);
  const prefix = `Cannot connect to "${host.label}": `;
  if (refusal?.[1] !== undefined) {
    const error = new LogoffError(
      "host-unreachable",
      `${prefix}the host ended the connection, saying "${quote(refusal[2] ?? "")}"`,
    );
    // SSH_DISCONNECT_TOO_MANY_CONNECTIONS (RFC 4250 4.2.2)
    return refusal[1] === "12" ? { error, mayPass: true, isTurnedAway: true } : never(error);
  }
  // Through a jump host, the command is ours.
  if (log.usesProxyCommand && host.jumpHosts.length === 0) {
    const said = quote(proxyWords.join("; "), 400);
    const more = said === "" ? "; run the command by hand to see why" : `, saying "${said}"`;
    const message = `${prefix}its proxy command ended, or closed the connection, before the host answered${more}`;
    const isMissing = shellFailed.test(proxyWords.at(-1) ?? "");
    return { error: new LogoffError("host-unreachable", message), mayPass: !isMissing };
  }
  for (const [pattern, meaning, mayPass] of reasons) {
    const line = log.words.find((word) => pattern.test(word));
    if (line !== undefined)
      return { error: new LogoffError("host-unreachable", `${prefix}${meaning ?? quote(line)}`), mayPass };
  }
  const line = lastLine(log);
  return never(
    new LogoffError(
      "host-unreachable",
      `${prefix}${line === undefined ? "ssh ended without a word" : quote(line)}`,
    ),
  );
}

function lastLine({ words }: ConnectionLog): string | undefined {
  return words.filter((line) => !/^@|^Warning: Permanently added/u.test(line)).at(-1);
}

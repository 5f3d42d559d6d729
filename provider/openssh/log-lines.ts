/**
 * What a log of ssh says (`-E FILE -o LogLevel=DEBUG1`, under LC_ALL=C). Its words are those of OpenSSH 7.4 to 10. ssh logs what it is told with
 * the line breaks in it, so a host, and before the keys are exchanged anybody on the way, can put whole lines into a log. A log therefore only
 * explains a failure. That a login or a command succeeded, the control socket or the exit code of ssh has to tell.
 */
import { kerberosProblem } from "./login/kerberos";

/** A public key that was offered. */
export interface OfferedKey {
  /** Type and fingerprint, for messages. */
  readonly label: string;
  readonly fingerprint: string;
}

/** How far a connection came. */
export type LogPhase = "connecting" | "waiting for its banner" | "exchanging keys" | "logging in";

/** The facts in the log of one connection. */
export interface ConnectionLog {
  readonly phase: LogPhase;
  /** Whether a ProxyCommand carries the connection. */
  readonly usesProxyCommand: boolean;
  /** The key that the host showed: `ssh-ed25519 SHA256:…`. */
  readonly hostKey?: string;
  /** Whether the key was accepted, which is before any credential. */
  readonly isTrusted: boolean;
  /** Why the key was not accepted. */
  readonly untrusted?: "unknown" | "changed" | "revoked";
  /** `FILE:LINE` of the known key that differs. */
  readonly offending?: string;
  /** What ssh says about a host's certificate that it does not accept. */
  readonly certificate?: string;
  /** The file to which a new host's key was added, or why it was not. */
  readonly added?: { readonly name: string } | { readonly problem: string };
  readonly offeredKeys: readonly OfferedKey[];
  /** The fingerprint of the key that the host accepted. */
  readonly acceptedKey?: string;
  /** Whether the accepted key is on a security key, which wants a touch unless it was made without. */
  readonly isSecurityKey: boolean;
  /** The methods that were begun, such as `publickey` or `gssapi-with-mic`. */
  readonly methods: readonly string[];
  /** The methods that the host accepts. */
  readonly accepts: readonly string[];
  /** Why this machine has no Kerberos ticket to offer. */
  readonly kerberosProblem?: string;
  readonly isLoggedIn: boolean;
  /** Whether the host has rejected what was offered last, if anything was. */
  readonly isRejected: boolean;
  /** Whether the host has rejected a password, or has ended the connection on it. */
  readonly isPasswordRejected: boolean;
  /** Whether the host has accepted a password, but wants more. From OpenSSH 8.5 on. */
  readonly isPasswordAccepted: boolean;
  /** What matched nothing: the kind of algorithm, and the host's list. */
  readonly noMatch?: { readonly kind: string; readonly theirs: string };
  /** The lines without a level, but for the version: what ssh prints for a person. */
  readonly words: readonly string[];
}

/** The lines that quote what the other side says, which may have line breaks. */
const quotesPeer = /^(?:debug1: Remote: |Received disconnect from |Unable to negotiate with )/u;
/** From here on, packets are the host's own, and its key has been checked. */
const keysExchanged = /^debug1: SSH2_MSG_NEWKEYS received/u;

/**
 * The lines up to the first one that quotes an unproven peer: those after it may be the peer's. A host's certificate is quoted too, but ends no
 * log, because lines of ssh itself follow.
 */
function provenLines(text: string): readonly string[] {
  const lines = text.split(/\r?\n/u);
  const end = lines.findIndex((line) => quotesPeer.test(line));
  const isProven = end < 0 || lines.slice(0, end).some((line) => keysExchanged.test(line));
  return isProven ? lines : lines.slice(0, end + 1);
}

/** Reads the log of a connection. */
export function readConnectionLog(text: string): ConnectionLog {
  const lines = provenLines(text);
  const words = lines.filter((line) => line !== "" && !/^(?:debug|OpenSSH_\d)/u.test(line));
  const all = (pattern: RegExp): readonly (readonly string[])[] =>
    lines.flatMap((line) => {
      const found = pattern.exec(line);
      return found === null ? [] : [found.map((group: string | undefined) => group ?? "")];
    });
  const first = (pattern: RegExp): string | undefined => all(pattern)[0]?.[1];
  const has = (pattern: RegExp): boolean => lines.some((line) => pattern.test(line));

  const hostKey = first(/^debug1: Server host (?:key|certificate): (\S+ SHA256:[A-Za-z0-9+/]+)/u);
  const untrusted = untrustedAs(has);
  const offending = first(/^Offending \S+ key in (.+:\d+)$/u);
  const certificate = first(/^Certificate invalid: (.+)$/u);
  const addedTo = first(/^Warning: Permanently added '?([^']+?)'? \([^)]*\) to the list of known hosts\.$/u);
  const notAdded = first(/^Failed to add the host to the list of known hosts \((.+)\)\.$/u);
  const offeredKeys = all(/^debug1: Offering public key: (?:.* )?(\S+) (SHA256:\S+)/u).map(
    ([, type = "", fingerprint = ""]) => ({ label: `${type.toLowerCase()} ${fingerprint}`, fingerprint }),
  );
  const acceptedKey = first(/^debug1: Server accepts key: .*(SHA256:\S+)/u);
  const answers = all(/^debug1: Authentications that can continue: (.*)$/u).map(([, list = ""]) => list);
  const methods = all(/^debug1: Next authentication method: (\S+)/u).map(([, name = ""]) => name);
  const proven = lines.join("\n");
  const noTicket = kerberosProblem(proven);
  const [noMatch] = all(/^Unable to negotiate with .*: no matching (.+) found\. Their offer: (.*)$/u);
  const isLoggedIn = has(/^debug1: Authentication succeeded \(|^Authenticated to /u);
  return {
    phase: phaseOf(has),
    usesProxyCommand: has(/^debug1: Executing proxy command: /u),
    ...(hostKey !== undefined && { hostKey }),
    isTrusted: has(/^debug1: (?:SSH2_MSG_NEWKEYS sent|SSH2_MSG_SERVICE_ACCEPT received)/u),
    ...(untrusted !== undefined && { untrusted }),
    ...(offending !== undefined && { offending }),
    ...(certificate !== undefined && { certificate }),
    ...(notAdded === undefined
      ? addedTo !== undefined && { added: { name: addedTo } }
      : { added: { problem: notAdded } }),
    offeredKeys,
    ...(acceptedKey !== undefined && { acceptedKey }),
    isSecurityKey: has(/^debug1: Server accepts key: .*-SK(?:-CERT)? SHA256:/u),
    methods,
    accepts: (answers[0] ?? "").split(",").filter((method) => method !== ""),
    ...(noTicket !== undefined && { kerberosProblem: noTicket }),
    isLoggedIn,
    // The first list of methods answers the request without a credential.
    isRejected: !isLoggedIn && answers.length > 1,
    isPasswordRejected: !isLoggedIn && isRejectedAfterPassword(proven),
    isPasswordAccepted: has(
      /^Authenticated using "(?:password|keyboard-interactive)" with partial success\.$/u,
    ),
    ...(noMatch && { noMatch: { kind: noMatch[1] ?? "", theirs: noMatch[2] ?? "" } }),
    words,
  };
}

function untrustedAs(has: (pattern: RegExp) => boolean): ConnectionLog["untrusted"] {
  if (has(/^(?:The )?.* host key for .* (?:is marked as revoked|was revoked and .*)\.$/u)) return "revoked";
  if (has(/^Host key for .* has changed and you have requested strict checking\.$/u)) return "changed";
  if (has(/^No .* host key is known for .* and you have requested strict checking\.$/u)) return "unknown";
  return has(/^Host key verification failed\.$/u) ? "unknown" : undefined;
}

function isRejectedAfterPassword(text: string): boolean {
  const starts = [
    ...text.matchAll(/^debug1: Next authentication method: (?:password|keyboard-interactive)$/gmu),
  ];
  const [first] = starts;
  if (first === undefined) return false;
  return /^debug1: Authentications that can continue: |Permission denied/mu.test(text.slice(first.index));
}

function phaseOf(has: (pattern: RegExp) => boolean): LogPhase {
  if (has(/^debug1: SSH2_MSG_SERVICE_ACCEPT received|^debug1: SSH2_MSG_NEWKEYS received/u))
    return "logging in";
  if (has(/^debug1: Remote protocol version/u)) return "exchanging keys";
  if (has(/^debug1: (?:Connection established|Executing proxy command)|^debug1: Local version string/u))
    return "waiting for its banner";
  return "connecting";
}

/** What a command's own log says (`-o LogLevel=DEBUG2`). */
export interface CommandLog {
  /** The number of its channel in the master, once the host has opened it. */
  readonly channel?: number;
  /** The exit status of the remote command, in full: a process has only eight bits for it. */
  readonly exitStatus?: number;
  /** The words of a master whose host refused the channel. */
  readonly refusal?: string;
  /** Whether there was no master to hand the command to. */
  readonly isWithoutMaster: boolean;
}

/** How many questions the host asks in its latest round of keyboard-interactive; undefined if none is logged (LogVerbose, OpenSSH 8.5). */
export function questionsAsked(text: string): number | undefined {
  const count = provenLines(text)
    .map((line) => /\bnum_prompts (\d+)$/u.exec(line)?.[1])
    .findLast((found) => found !== undefined);
  return count === undefined ? undefined : Number(count);
}

const withoutMaster =
  /^(?:debug\d: )?(?:Control socket (?:connect\(|".*" does not exist)|Executing proxy command: )/mu;

/** Reads the log of a command. Only ssh and the master write into it. */
export function readCommandLog(text: string): CommandLog {
  const channel = /^debug1: (?:mux_client_request_session: )?master session id: (\d+)\s*$/mu.exec(text)?.[1];
  const status = /^debug2: (?:\w+: )?[Rr]eceived exit status from master (-?\d+)\s*$/mu.exec(text)?.[1];
  const refusal = /^(?:\w+: )?session request failed: (.*)$/mu.exec(text)?.[1];
  return {
    ...(channel !== undefined && { channel: Number(channel) }),
    ...(status !== undefined && { exitStatus: Number(status) >>> 0 }),
    ...(refusal !== undefined && { refusal: refusal.trim() }),
    // A master that ends after it was asked may have sent the command.
    isWithoutMaster: withoutMaster.test(text) && !/session: read from master failed/u.test(text),
  };
}

/** What the log of a connection says about its only command. */
export interface DirectLog {
  /** Whether the host has shown a certificate, whose text nobody has checked yet when it is logged. */
  readonly hasCertificate: boolean;
  readonly isSent: boolean;
  /** Whether the host refused to start the command. */
  readonly isRefused: boolean;
  readonly exitStatus?: number;
  readonly isBySignal: boolean;
}

/** Reads the log of a connection with one command. ssh writes -1 as the status of a command that has none. */
export function readDirectLog(log: string): DirectLog {
  const text = provenLines(log).join("\n");
  const sent = text.search(/^debug1: Sending command: /mu);
  const since = sent < 0 ? "" : text.slice(sent);
  const isBySignal = /^debug1: client_input_channel_req: channel 0 rtype exit-signal /mu.test(since);
  const hasStatus = /^debug1: client_input_channel_req: channel 0 rtype exit-status /mu.test(since);
  const status = /^debug1: Exit status (-?\d+)\s*$/mu.exec(since)?.[1];
  return {
    hasCertificate: /^debug1: Server host certificate: /mu.test(text),
    isSent: sent >= 0,
    isRefused: /^exec request failed on channel 0\s*$/mu.test(since),
    isBySignal,
    ...(hasStatus && status !== undefined && { exitStatus: Number(status) >>> 0 }),
  };
}

/** What a master's log says about the command that last used a channel. */
export interface ChannelEnd {
  /** Whether the host says that a signal has ended the command; ssh does not tell which. */
  readonly isBySignal: boolean;
  /**
   * Whether the host refused to start the command. ssh says no more than this of a command without input, and waits for the end of a channel that
   * the host may leave open (clientloop.c, client_status_confirm).
   */
  readonly isRefused: boolean;
  /** The exit status, from OpenSSH 8.5 on (LogVerbose). */
  readonly exitStatus?: number;
}

export function readChannelEnd(masterLog: string, channel: number): ChannelEnd {
  const start = masterLog.lastIndexOf(`debug1: channel ${channel}: new`);
  const since = start < 0 ? "" : masterLog.slice(start);
  const status = new RegExp(`channel ${channel}: exit message, exitval (-?\\d+)\\s*$`, "mu").exec(since)?.[1];
  return {
    isBySignal: since.includes(`channel ${channel} rtype exit-signal`),
    isRefused: since.includes(`channel ${channel}: chan_read_failed for istate `),
    ...(status !== undefined && { exitStatus: Number(status) >>> 0 }),
  };
}

/** Why a master ended: the last line that is not about its own work; undefined if there is none. */
export function lastWords(log: string): string | undefined {
  return log
    .split(/\r?\n/u)
    .filter(
      (line) =>
        line !== "" &&
        !/^(?:debug\d?: |OpenSSH_\d|Transferred: |Bytes per second: |Authenticated to |mux_)/u.test(line),
    )
    .at(-1)
    ?.trim();
}

/** Turns an open byte stream into a logged-in connection: algorithms, then host key, then login. */
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { onAbort } from "../../base/abort";
import { asLogoffError, LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { HostKeyRules } from "../host-keys/host-key";
import { beginLogin } from "../login/auth";
import type { Credentials } from "../login/credentials";
import type { PasswordVerdict } from "../login/password-guard";
import { sha1Refused } from "../login/private-key";
import type { ProvenCredentials } from "../login/proven-credentials";
import type { Quote } from "../login/redact";
import { allowLongPackets, stopDebugLines, type LongPackets } from "../ssh2-quirks";
import { offeredAlgorithms, watchNegotiation, type AllowedAlgorithms } from "./algorithms";
import { longestBannerBytes, type Dialled } from "./banner";
import {
  bannerTooLong,
  beforeIdentification,
  classify,
  connectionEnded,
  withGreeting,
  type Retry,
  type Ssh2Error,
} from "./handshake-failure";
import type { Attempt } from "./socket";

export interface HandshakeOptions {
  readonly host: Pick<Host, "label" | "algorithms" | "keepaliveMs">;
  readonly user: string;
  readonly algorithms: AllowedAlgorithms;
  readonly rules: HostKeyRules;
  readonly credentials: Credentials;
  readonly proven: ProvenCredentials;
  readonly quote: Quote;
  readonly debug: ((line: string) => void) | undefined;
  /** Records the key of a new host, and returns a warning. @throws LogoffError when a different key was recorded in the meantime */
  readonly learn: (blob: Buffer) => Promise<string>;
  /** Awaited before the password is offered; the signal fires when the handshake ends first. */
  readonly claimPassword: (signal: AbortSignal) => Promise<void>;
  /** Receives the outcome of the password, at the latest when the handshake ends. */
  readonly passwordVerdict: (verdict: PasswordVerdict) => void;
  /** Receives each phase as it begins, for the error of a deadline. */
  readonly enter: (phase: Phase) => void;
}

export type Phase = "connecting" | "waiting for its banner" | "exchanging keys" | "logging in";

/** Overhead of a banner's packet: lengths, a language tag, padding. */
const bannerPacketBytes = 512;

/** A logged-in connection. The caller must end it. */
export interface LoggedIn {
  readonly client: Client;
  readonly stream: Duplex;
  readonly warnings: readonly string[];
}

/** Created once, because the stack of an error costs more than the signal. */
const ended = new LogoffError("aborted", "The handshake is over");

/**
 * The connection logged in over `stream`, or the failure, after which `stream` is destroyed.
 * @throws LogoffError the signal's reason
 */
export function handshake(
  { stream, greeting }: Dialled,
  options: HandshakeOptions,
  signal: AbortSignal,
): Promise<Attempt<LoggedIn>> {
  return new Promise((resolve, reject) => {
    const { host, rules, quote, debug } = options;
    const client = new Client();
    const negotiation = watchNegotiation();
    const warnings = new Set<string>();
    const over = new AbortController();
    let settled = false;
    let longPackets: LongPackets | undefined;
    let newKey: Buffer | undefined;
    let firstKey: Buffer | undefined;

    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      stopListening();
      over.abort(ended);
      act();
    };
    const fail = (error: LogoffError, retry: Retry = "never"): void =>
      settle(() => {
        const verdict = login.passwordVerdict(false);
        // A host that hangs up on a password has rejected it.
        options.passwordVerdict(
          verdict === "unanswered" && error.code === "auth-rejected" ? "rejected" : verdict,
        );
        stream.destroy();
        resolve({ ok: false, error, mayPass: retry !== "never", isTurnedAway: retry === "later" });
      });
    const login = beginLogin({
      label: host.label,
      user: options.user,
      credentials: options.credentials,
      proven: options.proven,
      mayOfferPassword: rules.provesHost,
      sha1: host.algorithms === "legacy" && (options.algorithms.userKeys?.includes("ssh-rsa") ?? true),
      quote,
      beforeLogin: async () => {
        if (newKey !== undefined) warnings.add(await options.learn(newKey));
      },
      claimPassword: () => options.claimPassword(over.signal),
      over: over.signal,
      fail: (error) => fail(asLogoffError(error, "host-unreachable", `Cannot log in to "${host.label}"`)),
    });
    const stopListening = onAbort(signal, (error) =>
      queueMicrotask(() =>
        settle(() => {
          options.passwordVerdict(login.passwordVerdict(false));
          stream.destroy();
          reject(withGreeting(error, greeting, quote));
        }),
      ),
    );

    // These two listeners stay for the life of the Client: an unhandled error would end the process, or hang `pulumi up`.
    client.on("error", (error: Ssh2Error) => {
      if (error.message.includes(sha1Refused))
        login.couldNotSign(`${sha1Refused}, which need \`connection.algorithms: legacy\``);
      else if (error.level === "agent")
        login.couldNotSign(`the agent did not sign (${quote(error.message)})`);
      else
        fail(
          ...(beforeIdentification(greeting, host.label, quote) ??
            bannerTooLong(longPackets, host.label) ??
            classify(
              error,
              host,
              login,
              quote,
              negotiation.failure(error.message, host.label, host.algorithms),
            )),
        );
    });
    client.on("close", () => {
      if (settled) return;
      fail(
        ...(beforeIdentification(greeting, host.label, quote) ??
          connectionEnded("the connection was closed", host.label, login)),
      );
    });
    client.on("handshake", () => {
      options.enter("logging in");
      longPackets ??= allowLongPackets(client, longestBannerBytes + bannerPacketBytes);
    });
    client.on("change password", () =>
      fail(login.failure("the password has expired and must be changed first")),
    );
    client.on("ready", () =>
      settle(() => {
        longPackets?.end();
        if (debug === undefined) stopDebugLines(client);
        options.passwordVerdict(login.passwordVerdict(true));
        login.acceptedKeys().forEach(options.proven.keyAccepted);
        resolve({ ok: true, value: { client, stream, warnings: [...warnings] } });
      }),
    );

    options.enter("waiting for its banner");
    try {
      client.connect({
        sock: stream,
        username: options.user,
        authHandler: login.handler,
        algorithms: offeredAlgorithms(options.algorithms, rules.knownTypes),
        readyTimeout: 0, // replaced by the deadline of the whole attempt
        keepaliveInterval: host.keepaliveMs,
        keepaliveCountMax: 3,
        hostVerifier: (blob: Buffer) => {
          // Called again whenever the session's keys are renewed, which must not change the host key.
          firstKey ??= blob;
          if (!firstKey.equals(blob)) return false;
          const verdict = rules.check(blob);
          if (!verdict.trusted) fail(verdict.error);
          else if (verdict.warning !== undefined) warnings.add(verdict.warning);
          // Recorded later: only the completed exchange proves that the host owns the key.
          if (verdict.trusted && verdict.learn !== undefined) newKey ??= blob;
          return verdict.trusted;
        },
        debug: (line) => {
          // ssh2 reports every message for the life of the connection; only the handshake matters here.
          if (settled && debug === undefined) return;
          negotiation.line(line);
          if (line.startsWith("Remote ident:")) options.enter("exchanging keys");
          const accepts = /^Inbound: Received USERAUTH_FAILURE \((.*)\)$/u.exec(line)?.[1];
          if (accepts !== undefined) login.hostAccepts(accepts.split(",").filter((method) => method !== ""));
          debug?.(line);
        },
      });
    } catch (thrown) {
      const detail = thrown instanceof Error ? quote(thrown.message) : "unknown error";
      fail(new LogoffError("host-unreachable", `Cannot set up SSH with "${host.label}": ${detail}`));
    }
  });
}

import type { ErrorCode } from "../../base/errors";
import type { ReportedError } from "../../report/report";

/** The next step for each code, in the command's options. Codes whose messages are enough are absent. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  "host-unreachable":
    "check the address, the port and the firewall; --timeout-connect gives slow hosts more time",
  "host-key-unknown":
    "compare the fingerprint with the host's own, then add the key to known_hosts, or give --known-hosts, --host-key or --accept-new",
  "auth-unavailable": "give --identity, --password-env, or load a key into your SSH agent",
  "auth-rejected":
    "check --user, and the key or the password; nothing is tried often, so that no account is locked",
  "permission-denied": "log in as an administrator: Full Control over other users' sessions is needed",
  "unsupported-host": "--check says what is missing on the host",
  "output-unrecognised": "--check prints the form of the host's answer without names: please report it",
  "session-not-found": "--list shows who is there; --if-missing ignore takes it as done",
  "session-stuck": "--stuck reset ends such sessions; --timeout-logoff gives them more time",
  "sessions-remain": "run again; --drain until-restart keeps people from coming back",
  "limit-exceeded": "--dry-run shows who it would be; --limit and --limit-per-host allow more",
};

/** Errors that are told apart by their message, with advice for each; undefined if the message is enough. */
const special: readonly { code: ErrorCode; message: RegExp; advice: string | undefined }[] = [
  { code: "auth-rejected", message: /none of which gave an answer/u, advice: undefined },
  {
    code: "host-unreachable",
    message: /before its SSH identification, saying/u,
    advice:
      "wait a few minutes and run again with a lower --parallel, or raise MaxStartups or PerSourcePenalties on the host; make sure that the port is its SSH server's",
  },
  {
    code: "host-unreachable",
    message: /KB (?:before its SSH identification|in one message)/u,
    advice: undefined,
  },
];

/** One line for each kind of failure, in the order of the hosts. */
export function hintsFor(hosts: readonly { readonly error?: ReportedError }[]): readonly string[] {
  const lines = hosts.flatMap(({ error }) => {
    const line = error && hintFor(error);
    return error === undefined || line === undefined ? [] : [`${error.code}: ${line}`];
  });
  return [...new Set(lines)];
}

function hintFor({ code, message }: ReportedError): string | undefined {
  const known = special.find((one) => one.code === code && one.message.test(message));
  return known === undefined ? advice[code] : known.advice;
}

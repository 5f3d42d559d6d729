import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionFailure } from "../../../provider/openssh/failures";
import { readConnectionLog } from "../../../provider/openssh/log-lines";
import { keyHost } from "../machine-ssh";

/** What ssh 9.2 logs around `tried`, against a host that accepts Kerberos and keys. */
const logOf = (tried: readonly string[]): string =>
  [
    "debug1: SSH2_MSG_NEWKEYS sent",
    "debug1: SSH2_MSG_SERVICE_ACCEPT received",
    "debug1: Authentications that can continue: publickey,gssapi-with-mic",
    "debug1: Next authentication method: gssapi-with-mic",
    ...tried,
    "debug1: No more authentication methods to try.",
    "alice@127.0.0.1: Permission denied (publickey,gssapi-with-mic).",
    "",
  ].join("\r\n");

const noCredentials =
  "debug1: No credentials were supplied, or the credentials were unavailable or inaccessible\r\n" +
  "No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_1000)\r\n\r\n";
const gssFailure = "debug1: Unspecified GSS failure.  Minor code may provide more information\r\n";
const again = "debug1: Authentications that can continue: publickey,gssapi-with-mic";
const key = "debug1: Offering public key: /home/alice/.ssh/id_ed25519 ED25519 SHA256:abc";

describe("a login with Kerberos that fails", () => {
  const host = keyHost({ address: "127.0.0.1", port: 22 });
  const rows: readonly (readonly [what: string, tried: readonly string[], code: string, message: RegExp])[] =
    [
      [
        "without a ticket",
        [noCredentials, noCredentials],
        "auth-unavailable",
        /there is no Kerberos ticket \(No Kerberos credentials available \(default cache: FILE:\/tmp\/krb5cc_1000\)\): get one with `kinit`$/u,
      ],
      [
        "with an expired ticket",
        [`${gssFailure}Ticket expired\r\n\r\n`, again],
        "auth-unavailable",
        /the Kerberos ticket has expired: renew it with `kinit`$/u,
      ],
      [
        "where no domain controller answers",
        [`${gssFailure}Cannot contact any KDC for realm 'CORP.EXAMPLE'\r\n\r\n`, again],
        "auth-unavailable",
        /Kerberos fails on this machine \(Cannot contact any KDC for realm .CORP\.EXAMPLE.\): compare with `klist`$/u,
      ],
      [
        "with the ticket of somebody else",
        [again, again],
        "auth-rejected",
        /rejected: Kerberos \(gssapi-with-mic\);/u,
      ],
      [
        "without a ticket, after a key",
        [noCredentials, key, again],
        "auth-rejected",
        /rejected: publickey \(ed25519 SHA256:abc\); .*no Kerberos ticket.*`kinit`; check the login name/u,
      ],
    ];
  for (const [what, tried, code, message] of rows)
    it(`${what} says what to do next`, () => {
      const { error, mayPass } = connectionFailure(readConnectionLog(logOf(tried)), {
        host: { ...host, user: "alice" },
        knownAs: host.address,
        quote: (text) => text,
        proxyWords: [],
        isPasswordOffered: false,
        hasPassword: () => false,
        hasKey: () => false,
      });
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.equal(mayPass, false);
    });
});

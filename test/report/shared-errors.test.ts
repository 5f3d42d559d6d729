import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorTally, sharedErrors, toldErrors, type HostError } from "../../provider/report/shared-errors";

const code = "host-unreachable";
const failed = (host: string, message: string, status = "failed"): HostError => ({
  host,
  status,
  error: { code, message },
});

/** The number of hosts of each error. */
function sizes(...hosts: readonly HostError[]): readonly number[] {
  return sharedErrors(hosts).map((error) => error.hosts.length);
}

describe("hosts that share an error", () => {
  const same: readonly (readonly [what: string, a: HostError, b: HostError])[] = [
    ["have the same message", failed("h1:22", "no key"), failed("h2:22", "no key")],
    ["are named by their labels", failed("h1:22", 'Lost "h1:22"'), failed("h2:2222", 'Lost "h2:2222"')],
    [
      "are named by their addresses",
      failed("rdsh01:22", "no such name: rdsh01"),
      failed("rdsh02:22", "no such name: rdsh02"),
    ],
    [
      "are named by their addresses in another case",
      failed("rdsh01:22", "RDSH01 is down"),
      failed("rdsh02:22", "RDSH02 is down"),
    ],
    [
      "are named by their IPv6 addresses",
      failed("[fe80::1]:22", 'Lost "[fe80::1]:22"'),
      failed("[fe80::2]:22", 'Lost "[fe80::2]:22"'),
    ],
    [
      "are named by their servers",
      failed("gate:22>srv1", 'no route to "srv1"'),
      failed("gate:22>srv2", 'no route to "srv2"'),
    ],
    [
      "are reached through the same host, which the message names",
      failed("gate:22>srv1", 'Lost "gate:22"'),
      failed("gate:22>srv2", 'Lost "gate:22"'),
    ],
    [
      "failed after different times and attempts",
      failed("h1:22", "refused (5 attempts in 2 s)"),
      failed("h2:22", "refused (1 attempt in 1.5 s)"),
    ],
    [
      "have names that contain pattern characters",
      failed("a.c:22", 'Lost "a.c:22"'),
      failed("abc:22", 'Lost "abc:22"'),
    ],
  ];
  for (const [what, a, b] of same) it(what, () => assert.deepEqual(sizes(a, b), [2]));
});

describe("hosts that do not share an error", () => {
  const different: readonly (readonly [what: string, a: HostError, b: HostError])[] = [
    ["have different messages", failed("h1:22", "refused"), failed("h2:22", "timed out")],
    [
      "have different codes",
      failed("h1:22", "x"),
      { ...failed("h2:22", "x"), error: { code: "timed-out", message: "x" } },
    ],
    ["have different statuses", failed("h1:22", "x"), failed("h2:22", "x", "skipped")],
    [
      "have messages that name different users",
      failed("h1:22", "2 (alice) stayed"),
      failed("h2:22", "2 (bob) stayed"),
    ],
    [
      "have messages that name different sessions",
      failed("h1:22", 'no session "7"'),
      failed("h2:22", 'no session "8"'),
    ],
    [
      "have messages with longer names than their own",
      failed("web:22", 'behind "web-2"'),
      failed("app:22", 'behind "app-2"'),
    ],
    [
      "are reached through different hosts, which the messages name",
      failed("g1:22>srv", 'Lost "g1:22"'),
      failed("g2:22>srv", 'Lost "g2:22"'),
    ],
  ];
  for (const [what, a, b] of different) it(what, () => assert.deepEqual(sizes(a, b), [1, 1]));
});

describe("shared errors", () => {
  it("are in order of their first hosts and have the message of the first host", () => {
    const errors = sharedErrors([
      failed("h1:22", 'Lost "h1:22"'),
      failed("h2:22", "x"),
      failed("h3:22", 'Lost "h3:22"'),
    ]);
    assert.deepEqual(errors, [
      { status: "failed", code, message: 'Lost "h1:22"', hosts: ["h1:22", "h3:22"] },
      { status: "failed", code, message: "x", hosts: ["h2:22"] },
    ]);
  });

  it("omit hosts without an error", () =>
    assert.deepEqual(sharedErrors([{ host: "h1:22", status: "ok" }]), []));

  it("are recognized as hosts are added", () => {
    const tally = errorTally();
    const hosts = [failed("h1:22", "x"), failed("h2:22", "y"), failed("h3:22", "x"), { host: "h4:22" }];
    assert.deepEqual(hosts.map(tally.add), [undefined, undefined, "h1:22", undefined]);
  });

  it("each name one host, and more within the limit", () => {
    const hosts = (name: string, count: number): readonly HostError[] =>
      Array.from({ length: count }, (_, index) => failed(`${name}${index}:22`, name));
    const errors = sharedErrors([...hosts("x", 30), ...hosts("y", 2), ...hosts("z", 1)]);
    const { told, untold } = toldErrors(errors, { errors: 20, hosts: 20 });
    assert.deepEqual(
      told.map(({ also, more }) => [also.length, more]),
      [
        [17, 12],
        [0, 1],
        [0, 0],
      ],
    );
    assert.equal(untold, 0);
    assert.deepEqual(toldErrors(errors, { errors: 1, hosts: 0 }), {
      told: [{ ...errors[0], also: [], more: 29 }],
      untold: 3,
    });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkedAddress, checkedUser, quotedPath } from "../../../provider/openssh/config/names";

const invalid = { code: "plan-invalid" };

describe("checkedAddress", () => {
  for (const good of [
    "rdsh01",
    "rdsh01.corp.example.",
    "10.0.0.7",
    "_svc.example",
    "fe80::1%eth0",
    "2001:db8::7",
  ])
    it(`allows ${good}`, () => assert.equal(checkedAddress(good, "h"), good));

  for (const bad of [
    "-oProxyCommand=touch /tmp/x",
    "",
    "a b",
    "a\nProxyCommand x",
    "a;b",
    "$(touch x)",
    "`x`",
    "a|b",
    "%h",
    "a%h",
    "a*",
    "a?",
    "!a",
    "a,b",
    'a"b',
    "a'b",
    "a\\b",
    "host name",
    "fe80::1%$(x)",
    "fe80::1%-o",
  ])
    it(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => checkedAddress(bad, "h"), invalid));
});

describe("checkedUser", () => {
  for (const good of ["admin", "CORP\\admin", "admin@corp.example", "svc-patch_1", "müller", "a+b=c"])
    it(`allows ${good}`, () => assert.equal(checkedUser(good, "h"), good));

  for (const bad of [
    "-l",
    "#x",
    "a b",
    "a\tb",
    "a\nUser root",
    'a"b',
    "a'b",
    "$USER",
    "%u",
    "a;b",
    "a`b",
    "a\\\\b",
    "a\\",
    "\\\\",
    "a&b",
    "a|b",
    "(a)",
    "a\u202eb",
    "",
  ])
    it(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => checkedUser(bad, "h"), invalid));
});

describe("quotedPath", () => {
  it("quotes a path with blanks", () => assert.equal(quotedPath("/a b/c", "h", "linux"), '"/a b/c"'));

  it("writes a path of Windows with slashes", () =>
    assert.equal(quotedPath("C:\\Users\\ops\\key", "h", "win32"), '"C:/Users/ops/key"'));

  for (const bad of ['/a"b', "/a%h", "/a${HOME}", "/a\nb", "/a\\b", ""])
    it(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => quotedPath(bad, "h", "linux"), invalid));
});

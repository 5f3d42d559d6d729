import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import { previewText } from "../../../provider/pulumi/resource/preview";
import { fakeFront } from "./fake-front";

const all = { sessions: { all: true, except: { users: ["svc-*"] } }, previewSessions: true };

describe("the text of a preview", () => {
  it("names sessions to log off, kept sessions and hosts that cannot be listed", async () => {
    const front = fakeFront({ a: ["alice", "svc-1"], b: ["bob"], c: [] });
    front.trouble.set("b", new LogoffError("host-unreachable", "Cannot reach it"));
    const text = await previewText({ ...all, hosts: ["a", "b", "c"] }, {}, front);
    assert.deepEqual(text.split("\n"), [
      "would log off 1 session on 1 of 3 hosts, 1 could not be listed; hosts that are done are not run again",
      "a:22: 2 (alice); kept: 3 (svc-1): excepted",
      "b:22: host-unreachable: Cannot reach it",
    ]);
    assert.deepEqual(front.model("a").people(), ["alice", "svc-1"]);
  });

  it("is available without changes or waits, even outside the window", async () => {
    const front = fakeFront({ a: ["alice"], b: ["bob"] });
    const steps = {
      drain: "until-restart",
      warn: { message: "m", gracePeriod: "1h" },
      window: { notAfter: "2020-01-01T00:00:00Z" },
      rollout: { waves: [1], pause: "1h" },
    };
    const text = await previewText({ ...all, ...steps, hosts: ["a", "b"] }, { user: "today" }, front);
    assert.match(text, /^would log off 2 sessions on 2 of 2 hosts;/u);
    assert.equal(front.model("a").drain(), "open");
    assert.deepEqual(front.model("a").messages(), []);
    assert.equal(front.contacted[0]?.user, "today");
  });

  it("names the sessions to warn if none would be logged off", async () => {
    const steps = { warn: { message: "m", gracePeriod: "1h" }, atDeadline: "fail" };
    const text = await previewText({ ...all, ...steps, hosts: ["a"] }, {}, fakeFront({ a: ["alice"] }));
    assert.match(text, /^would warn 1 session, and log nobody off, on 1 of 1 host;/u);
  });

  it("reports a shared listing error once", async () => {
    const front = fakeFront({ a: ["alice"], b: [], c: [] });
    for (const name of ["b", "c"])
      front.trouble.set(name, new LogoffError("host-unreachable", `Cannot reach "${name}:22"`));
    const lines = (await previewText({ ...all, hosts: ["a", "b", "c"] }, {}, front)).split("\n");
    assert.deepEqual(lines.slice(1), [
      "a:22: 2 (alice)",
      'b:22 and 1 more host: host-unreachable: Cannot reach "b:22"',
      "also c:22",
    ]);
  });

  it("names fifty hosts and counts the others", async () => {
    const names = Array.from({ length: 53 }, (_, index) => `h${index}`);
    const front = fakeFront(Object.fromEntries(names.map((name) => [name, ["x"]])));
    const lines = (await previewText({ sessions: { all: true }, hosts: names }, {}, front)).split("\n");
    assert.equal(lines.length, 52);
    assert.equal(lines.at(-1), "… and 3 more hosts");
  });

  it("gives the reason if the inputs are invalid", async () => {
    const text = await previewText({ ...all, hosts: [] }, {}, fakeFront({}));
    assert.equal(text, "sessions are not shown: hosts cannot be used");
  });
});

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { withinSizeLimit } from "../../../provider/pulumi/resource/size-limit";
import {
  readKnown,
  toHostResult,
  toResults,
  warnedOf,
  type Results,
} from "../../../provider/pulumi/resource/state";
import type { HostReport, WarnedSession } from "../../../provider/report/report";
import { hostReport } from "../../report/sample";

const count = 10_000;
const labels = Array.from({ length: count }, (_, index) => `rdsh${index}.corp.example:22`);
const inputs = { hosts: labels, sessions: { all: true } };
const startsAtMs = Date.parse("2026-01-01T00:00:00Z");
const never = (): boolean => false;

/** Stopped hosts, ten thousand by default, with `people` warned users each; the hosts were warned a second apart. */
function stopped(message: string, people: number, some = labels): Results {
  const warnedAt = (index: number): string => new Date(startsAtMs + 1000 * index).toISOString();
  const warned = (index: number): WarnedSession[] =>
    Array.from({ length: people }, (_, person) => ({
      id: `${person + 2}`,
      user: `firstname.lastname${person}`,
      logonTime: "2026-01-01T00:00",
      warnedAt: warnedAt(index),
      remindersMs: [300_000, 60_000],
    }));
  const report = (host: string): HostReport =>
    hostReport({ host, status: "failed", error: { code: "aborted", message }, drained: "until-restart" });
  return toResults(some, {
    hosts: new Map(some.map((label) => [label, toHostResult(report(label))])),
    bootIds: new Map(),
    finishedAt: warnedAt(0),
    resume: new Map(some.map((label, index) => [label, warned(index)])),
  });
}

// The SDK encodes the partial state with its own copy of protobuf.
const { Struct } = createRequire(require.resolve("@pulumi/pulumi"))(
  "google-protobuf/google/protobuf/struct_pb",
) as { Struct: { fromJavaScript(value: unknown): { serializeBinary(): Uint8Array } } };

/** The size on the wire, where the SDK's host sends base64 in a trailer. */
function wireBytes(properties: object): number {
  return (Struct.fromJavaScript(properties).serializeBinary().length * 4) / 3;
}

describe("a partial state", () => {
  it("is kept unchanged if it is small", () => {
    const results = toResults(labels.slice(0, 1), readKnown({}));
    assert.deepEqual(withinSizeLimit(inputs, results, never), {
      properties: { ...inputs, ...results },
      warnings: [],
    });
  });

  it("stays below 8 MB on the wire even without messages, whose numbers weigh most there", () => {
    const { properties } = withinSizeLimit(inputs, stopped("", 1), never);
    assert.ok(wireBytes(properties) < 8_000_000, `${wireBytes(properties)} bytes`);
  });

  it("stays below 8 MB for 10,000 hosts with long messages, as JSON and on the wire", () => {
    const { properties, warnings } = withinSizeLimit(inputs, stopped("ü€".repeat(5000), 0), never);
    assert.ok(JSON.stringify(properties).length < 8_000_000);
    assert.ok(wireBytes(properties) < 8_000_000);
    const { hosts } = readKnown(properties);
    assert.deepEqual([hosts.size, hosts.get(labels[0]!)?.error?.code], [count, "aborted"]);
    assert.deepEqual(warnings, []);
  });

  it("stays below 8 MB for 10,000 hosts with five warned users each, keeps every drain and reports losses", () => {
    const all = stopped("ü€".repeat(5000), 5);
    assert.ok(wireBytes({ ...inputs, ...all }) > 20_000_000);
    const { properties, warnings } = withinSizeLimit(inputs, all, never);
    assert.ok(JSON.stringify(properties).length < 8_000_000);
    assert.ok(wireBytes(properties) < 8_000_000);
    assert.ok(JSON.stringify(properties).length > 3_700_000, "no more is dropped than has to be");
    const { hosts, resume } = readKnown(properties);
    assert.equal(hosts.size, count);
    assert.ok([...hosts.values()].every(({ drained }) => drained === "until-restart"));
    // The users warned last have most of their grace period left.
    assert.deepEqual([...resume.keys()], labels.slice(count - resume.size));
    const { logonTime, remindersMs } = warnedOf(resume.get(labels.at(-1)!))[4]!;
    assert.deepEqual([logonTime, remindersMs], ["2026-01-01T00:00", []], "an identity stays whole");
    assert.deepEqual(warnings, [
      "Cannot keep which reminders were sent, the state would be too large: the next run may send them again",
      `Cannot keep the warnings and logoffs of ${count - resume.size} of ${count} hosts, the state would be too large: the next run may warn these people again`,
    ]);
  });

  it("first loses warnings with an expired grace period", () => {
    const all = stopped("x".repeat(40), 5);
    const over = (one: WarnedSession): boolean => Date.parse(one.warnedAt) < startsAtMs + 9_000_000;
    const { properties, warnings } = withinSizeLimit(inputs, all, over);
    const { hosts, resume } = readKnown(properties);
    assert.deepEqual([...resume.keys()], labels.slice(9000));
    assert.deepEqual(resume.get(labels[9000]!), all.resume[labels[9000]!]);
    assert.equal(hosts.get(labels[0]!)?.error?.message, "x".repeat(40));
    assert.deepEqual(warnings, []);
  });

  it("loses messages before warnings", () => {
    const some = labels.slice(0, 8000);
    const { properties, warnings } = withinSizeLimit(
      { ...inputs, hosts: some },
      stopped("x".repeat(300), 1, some),
      never,
    );
    const { hosts, resume } = readKnown(properties);
    assert.deepEqual([resume.size, hosts.get(labels[0]!)?.error?.message.length], [some.length, 40]);
    assert.deepEqual(warnings, []);
  });

  it("loses warnings before sent logoffs", () => {
    const all = stopped("", 5);
    const asked = { id: "9", user: "zoe", logonTime: "2026-01-01T00:00", logoffSent: true } as const;
    const [first = "", second = ""] = labels;
    const resume = { ...all.resume, [first]: [...(all.resume[first] ?? []), asked], [second]: [asked] };
    const { properties } = withinSizeLimit(inputs, { ...all, resume }, never);
    const kept = readKnown(properties).resume;
    assert.ok(kept.size < count);
    assert.deepEqual([kept.get(first)?.at(-1), kept.get(second)], [asked, [asked]]);
    const { resume: left } = readKnown(withinSizeLimit(inputs, { ...all, resume }, () => true).properties);
    assert.deepEqual([...left.values()], [[asked], [asked]]);
  });

  it("is reported if its inputs alone are too large", () => {
    const { properties, warnings } = withinSizeLimit(
      { ...inputs, key: "x".repeat(8_000_000) },
      stopped("", 1),
      never,
    );
    assert.equal(readKnown(properties).resume.size, 0);
    assert.match(
      warnings.at(-1)!,
      /^The state may be too large to be saved \(1\d\.\d MB of at most 3\.8\): give credentials/u,
    );
  });
});

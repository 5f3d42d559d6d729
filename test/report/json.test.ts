import { Ajv2020 } from "ajv/dist/2020";
import fc from "fast-check";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { errorCodes } from "../../provider/base/errors";
import { jsonReport, ndjsonReport } from "../../provider/report/json";
import { anyReport, hostReport, report, session, terminalControls } from "./sample";

const schemaPath = join(__dirname, "..", "..", "schema", "report.schema.json");
const schema = JSON.parse(readFileSync(schemaPath, "utf8")) as {
  $id: string;
  $defs: { error: { properties: { code: { enum: string[] } } } };
};
const ajv = new Ajv2020({
  allErrors: true,
  formats: { "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/u },
  strictRequired: false,
});
const isReport = ajv.compile(schema);
const isHost = ajv.compile({ $ref: `${schema.$id}#/$defs/host` });
const context = { dryRun: false, exitStatus: 1 };

const example = report([
  hostReport({
    sessions: [
      { session: session({ id: "12", name: "rdp-tcp#3" }), outcome: "logged-off" },
      {
        session: {
          id: "1",
          name: "console",
          userCertain: true,
          kind: "console",
          state: "other",
          stateText: "Verb.",
          own: false,
        },
        outcome: "kept",
        reason: "no-user",
      },
    ],
  }),
  hostReport({
    host: "rdsh02:2222",
    platform: null,
    status: "failed",
    error: { code: "auth-rejected", message: "Cannot log in" },
    durationMs: 40,
  }),
]);

describe("the JSON report", () => {
  it("contains the documented fields", () => {
    assert.deepEqual(JSON.parse(jsonReport(example, context)), {
      version: 1,
      dryRun: false,
      startedAt: "2026-03-01T22:00:00.000Z",
      finishedAt: "2026-03-01T22:00:12.500Z",
      exitStatus: 1,
      totals: {
        hosts: 2,
        ok: 1,
        failed: 1,
        skipped: 0,
        sessions: 1,
        loggedOff: 1,
        left: 0,
        alreadyGone: 0,
        kept: 1,
        notFound: 0,
        stillPresent: 0,
        failedSessions: 0,
      },
      hosts: [
        {
          host: "rdsh01:22",
          platform: "windows",
          status: "ok",
          drained: "no",
          durationMs: 812,
          warnings: [],
          sessions: [
            { id: "12", name: "rdp-tcp#3", user: "alice", state: "active", outcome: "logged-off" },
            { id: "1", name: "console", user: null, state: "connected", outcome: "kept", reason: "no-user" },
          ],
        },
        {
          host: "rdsh02:2222",
          platform: null,
          status: "failed",
          error: { code: "auth-rejected", message: "Cannot log in" },
          warnings: [],
          sessions: [],
        },
      ],
    });
  });

  it("orders its fields as documented", () => {
    const keys = Object.keys(JSON.parse(jsonReport(example, context)) as object);
    assert.deepEqual(keys, ["version", "dryRun", "startedAt", "finishedAt", "exitStatus", "totals", "hosts"]);
  });

  it("includes commands, logon times and idle times in a dry run", () => {
    const dry = report([
      hostReport({
        commands: ["logoff.exe 2"],
        sessions: [
          { session: session({ idleMs: 60_000, logonTime: "1.3.2026 08:00" }), outcome: "would-log-off" },
        ],
      }),
    ]);
    const [host] = (
      JSON.parse(jsonReport(dry, { dryRun: true, exitStatus: 0 })) as {
        hosts: { commands: unknown; sessions: unknown[] }[];
      }
    ).hosts;
    assert.deepEqual(host?.commands, ["logoff.exe 2"]);
    assert.deepEqual(host.sessions[0], {
      id: "2",
      name: "rdp-tcp#0",
      user: "alice",
      state: "active",
      logonTime: "1.3.2026 08:00",
      idleMs: 60_000,
      outcome: "would-log-off",
    });
  });

  it("includes sessions that were not found and the errors of sessions", () => {
    const text = jsonReport(
      report([
        hostReport({
          status: "failed",
          error: { code: "session-not-found", message: "no such session" },
          notFound: ["7"],
          sessions: [{ session: session(), outcome: "failed", code: "permission-denied", message: "denied" }],
        }),
      ]),
      context,
    );
    assert.match(text, /"notFound": \[\s*"7"/u);
    assert.match(text, /"error": \{\s*"code": "permission-denied",\s*"message": "denied"/u);
    assert.ok(isReport(JSON.parse(text)), ajv.errorsText(isReport.errors));
  });

  it("conforms to its schema for every report", () => {
    fc.assert(
      fc.property(anyReport, (any) => {
        assert.ok(isReport(JSON.parse(jsonReport(any, context))), ajv.errorsText(isReport.errors));
      }),
    );
  });

  it("contains no terminal control characters", () => {
    fc.assert(
      fc.property(anyReport, (any) => {
        assert.doesNotMatch(jsonReport(any, context), terminalControls);
      }),
    );
  });

  it("preserves every character", () => {
    const user = "a\u0085b\u202ec\u001b[31m\u2028";
    const text = jsonReport(
      report([hostReport({ sessions: [{ session: session({ user }), outcome: "left" }] })]),
      context,
    );
    const parsed = JSON.parse(text) as { hosts: { sessions: { user: string }[] }[] };
    assert.equal(parsed.hosts[0]?.sessions[0]?.user, user);
  });
});

describe("the schema", () => {
  it("lists every error code", () => {
    assert.deepEqual(schema.$defs.error.properties.code.enum, [...errorCodes]);
  });

  it("rejects invalid reports", () => {
    const good = JSON.parse(jsonReport(example, context)) as Record<string, unknown>;
    for (const wrong of [
      { ...good, version: 2 },
      { ...good, hosts: undefined },
      { ...good, exitStatus: 3 },
      { ...good, hosts: [{ host: "a", platform: null, status: "failed", warnings: [], sessions: [] }] },
      {
        ...good,
        hosts: [{ host: "a", platform: "windows", status: "ok", warnings: [], sessions: [{ id: "1" }] }],
      },
    ]) {
      assert.equal(isReport(JSON.parse(JSON.stringify(wrong))), false);
    }
  });
});

describe("the NDJSON report", () => {
  it("has one host per line and the totals last", () => {
    const lines = ndjsonReport(example, context).split("\n");
    assert.equal(lines.pop(), "");
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      objects.map(({ host }) => host),
      ["rdsh01:22", "rdsh02:2222", undefined],
    );
    const whole = JSON.parse(jsonReport(example, context)) as Record<string, unknown>;
    assert.deepEqual({ ...objects[2], hosts: whole["hosts"] }, whole);
  });

  it("has one object per line, and hosts that conform to the schema", () => {
    fc.assert(
      fc.property(anyReport, (any) => {
        const lines = ndjsonReport(any, context).split("\n").slice(0, -1);
        assert.equal(lines.length, any.hosts.length + 1);
        for (const line of lines.slice(0, -1))
          assert.ok(isHost(JSON.parse(line)), ajv.errorsText(isHost.errors));
      }),
    );
  });
});

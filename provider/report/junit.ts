import { describeOutcome } from "./labels";
import type { HostReport, Report, SessionOutcome } from "./report";
import { element, xmlDocument, type Element } from "./xml";

/**
 * JUnit XML, the form that pipelines show as tests: a host is a suite, a session that was selected a test. A host with
 * an error of its own gets one more test, named `host`, so that no failure is without a place.
 */
export function junitReport(report: Report): string {
  const suites = report.hosts.map(suite);
  const sum = (field: "tests" | "failures" | "skipped"): number =>
    suites.reduce((total, { attributes }) => total + Number(attributes[field]), 0);
  const attributes = {
    name: "session-logoff",
    tests: sum("tests"),
    failures: sum("failures"),
    errors: 0,
    skipped: sum("skipped"),
    time: seconds(Date.parse(report.finishedAt) - Date.parse(report.startedAt)),
    timestamp: report.startedAt,
  };
  return xmlDocument(element("testsuites", attributes, suites));

  function suite(host: HostReport): Element {
    const cases = [hostCase(host), ...host.sessions.flatMap((one) => sessionCase(host, one))];
    const count = (kind: string): number =>
      cases.filter(({ content }) => typeof content !== "string" && content[0]?.name === kind).length;
    const notes = [...host.warnings, ...host.notFound.map((name) => `not found: ${name}`)].join("\n");
    return element(
      "testsuite",
      {
        name: host.host,
        hostname: host.host,
        tests: cases.length,
        failures: count("failure"),
        errors: 0,
        skipped: count("skipped"),
        time: seconds(host.durationMs),
        timestamp: report.startedAt,
      },
      [...cases, ...(notes === "" ? [] : [element("system-out", {}, notes)])],
    );
  }
}

function hostCase(host: HostReport): Element {
  const attributes = { name: "host", classname: host.host, time: seconds(host.durationMs) };
  const { error, status } = host;
  if (error === undefined) return element("testcase", attributes);
  const what = `${error.code}: ${error.message}`;
  return element("testcase", attributes, [
    status === "skipped"
      ? element("skipped", { message: what })
      : element("failure", { type: error.code, message: error.message }, what),
  ]);
}

/** Sessions that nobody meant to log off are no tests. */
function sessionCase(host: HostReport, one: SessionOutcome): readonly Element[] {
  if (one.outcome === "kept" || one.outcome === "listed") return [];
  const { id, user, name } = one.session;
  const who = [user, name].filter((part) => part !== undefined).join(", ");
  const attributes = {
    name: `session ${id}${who === "" ? "" : ` (${who})`}: ${describeOutcome(one)}`,
    classname: host.host,
  };
  if (one.outcome === "would-log-off")
    return [element("testcase", attributes, [element("skipped", { message: "dry run" })])];
  if (one.outcome !== "failed" && one.outcome !== "still-present") return [element("testcase", attributes)];
  const what = `${one.code}: ${one.message}`;
  return [
    element("testcase", attributes, [
      one.outcome === "still-present" && one.tolerated === true
        ? element("skipped", { message: what })
        : element("failure", { type: one.code, message: one.message }, what),
    ]),
  ];
}

function seconds(ms: number): string {
  return (Number.isFinite(ms) ? Math.max(0, ms) / 1000 : 0).toFixed(3);
}

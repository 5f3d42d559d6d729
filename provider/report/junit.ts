import { describeOutcome } from "./labels";
import type { HostReport, Report, SessionOutcome } from "./report";
import { element, xmlDocument, type Element } from "./xml";

/**
 * The report as JUnit XML, which pipelines display as tests. Each host is a suite, and each selected session is a test. Every suite
 * also has a test named `host`, which carries the host's own error.
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
    const cases = [hostCase(host), ...host.sessions.flatMap((result) => sessionCase(host, result))];
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
  const text = `${error.code}: ${error.message}`;
  return element("testcase", attributes, [
    status === "skipped"
      ? element("skipped", { message: text })
      : element("failure", { type: error.code, message: error.message }, text),
  ]);
}

/** The test of a selected session; empty for any other. */
function sessionCase(host: HostReport, result: SessionOutcome): readonly Element[] {
  if (result.outcome === "kept" || result.outcome === "listed") return [];
  const { id, user, name } = result.session;
  const label = [user, name].filter((part) => part !== undefined).join(", ");
  const attributes = {
    name: `session ${id}${label === "" ? "" : ` (${label})`}: ${describeOutcome(result)}`,
    classname: host.host,
  };
  if (result.outcome === "would-log-off")
    return [element("testcase", attributes, [element("skipped", { message: "dry run" })])];
  if (result.outcome !== "failed" && result.outcome !== "still-present")
    return [element("testcase", attributes)];
  const text = `${result.code}: ${result.message}`;
  return [
    element("testcase", attributes, [
      result.outcome === "still-present" && result.tolerated === true
        ? element("skipped", { message: text })
        : element("failure", { type: result.code, message: result.message }, text),
    ]),
  ];
}

function seconds(ms: number): string {
  return (Number.isFinite(ms) ? Math.max(0, ms) / 1000 : 0).toFixed(3);
}

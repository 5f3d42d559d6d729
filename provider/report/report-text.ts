import { htmlReport } from "./html/page";
import { jsonReport, type JsonContext } from "./json";
import { junitReport } from "./junit";
import type { Report } from "./report";

/** The text of a report in the format of its file extension: `.html`, `.xml` (JUnit), or JSON for any other. */
export function reportText(path: string, report: Report, context: JsonContext): string {
  if (/\.xml$/iu.test(path)) return junitReport(report);
  if (/\.html$/iu.test(path)) return htmlReport(report, context);
  return jsonReport(report, context);
}

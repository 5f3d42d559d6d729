import { readFileSync } from "node:fs";
import { errorComments, type ErrorComment } from "./error-comments";

/**
 * The page on failures: the template, with the codes that a line `<!-- codes: … -->` names in place of that line, and the list of all codes in
 * place of `<!-- list of codes -->`.
 * @throws Error if a code is on the page twice or not at all
 */
export function troubleshooting(templatePath: string, errorsPath: string): string {
  const comments = new Map(errorComments(errorsPath).map((comment) => [comment.code, comment]));
  const unused = new Map(comments);
  const take = (code: string): ErrorComment => {
    const comment = unused.get(code);
    if (comment === undefined) throw new Error(`${code} is no error code, or is on the page already`);
    unused.delete(code);
    return comment;
  };
  const ordered: ErrorComment[] = [];
  const page = readFileSync(templatePath, "utf8").replace(
    /<!-- codes: (.+) -->/gu,
    (_line, codes: string) => {
      const some = codes.split(" ").map(take);
      ordered.push(...some);
      return some.map(section).join("\n\n");
    },
  );
  if (unused.size > 0) throw new Error(`${[...unused.keys()].join(", ")} is not in ${templatePath}`);
  return page.replace("<!-- list of codes -->", () => tableOf(ordered));
}

function tableOf(comments: readonly ErrorComment[]): string {
  const rows = comments.map(({ code, what }) => `| [\`${code}\`](#${code}) | ${firstSentence(what)} |`);
  return ["| code | what happened |", "| --- | --- |", ...rows].join("\n");
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/u.exec(text)?.[0] ?? text;
}

function section({ code, what, why, remedy }: ErrorComment): string {
  return [`### ${code}`, what, `- **Why:** ${linked(why)}\n- **What to do:** ${linked(remedy)}`].join("\n\n");
}

/** In the source a page is named by its path, `docs/linux-hosts.md`. */
function linked(text: string): string {
  return text.replace(/`docs\/([a-z-]+\.md)`/gu, "[$1]($1)");
}

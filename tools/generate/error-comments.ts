import { readFileSync } from "node:fs";
import ts from "typescript";

/** What the comment of an error code says. Each part is one line of Markdown. */
export interface ErrorComment {
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

/**
 * The comments of all members of the union `ErrorCode`, in its order: a paragraph that says what happened, and a list of two items that
 * begin with `**Why:**` and `**What to do:**`.
 * @throws Error for a member without such a comment
 */
export function errorComments(path: string): readonly ErrorComment[] {
  const text = readFileSync(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const union = source.statements.flatMap((statement) =>
    ts.isTypeAliasDeclaration(statement) &&
    statement.name.text === "ErrorCode" &&
    ts.isUnionTypeNode(statement.type)
      ? [statement.type]
      : [],
  )[0];
  if (union === undefined) throw new Error(`${path} declares no union ErrorCode`);
  return union.types.map((member, index) => {
    if (!ts.isLiteralTypeNode(member) || !ts.isStringLiteral(member.literal))
      throw new Error("ErrorCode must consist of strings");
    const code = member.literal.text;
    // The comment stands before the bar, which belongs to the union.
    const start = union.types[index - 1]?.end ?? union.pos;
    return { code, ...partsOf(code, commentAt(text, start)) };
  });
}

/** The text of the last comment between a position and the next token. */
function commentAt(text: string, start: number): string {
  const range = ts.getLeadingCommentRanges(text, start)?.at(-1);
  if (range === undefined) return "";
  // TypeScript attaches comments to declarations only, so one is made for it.
  const declared = `${text.slice(range.pos, range.end)}\nlet it;`;
  const [statement] = ts.createSourceFile("it.ts", declared, ts.ScriptTarget.ES2022, true).statements;
  const comments = statement === undefined ? [] : ts.getJSDocCommentsAndTags(statement);
  return comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "").join("\n");
}

function partsOf(code: string, comment: string): Omit<ErrorComment, "code"> {
  const [what = "", list = "", ...others] = comment.split(/\n\s*\n/u);
  const items = list.split(/^- /mu).map(onOneLine);
  const [before, why, remedy, ...more] = items;
  const whyLabel = "**Why:** ";
  const remedyLabel = "**What to do:** ";
  if (
    before !== "" ||
    !why?.startsWith(whyLabel) ||
    !remedy?.startsWith(remedyLabel) ||
    others.length + more.length > 0
  )
    throw new Error(
      `The comment of "${code}" must be a paragraph and a list of two items, ${whyLabel}and ${remedyLabel}`,
    );
  return {
    what: onOneLine(what),
    why: why.slice(whyLabel.length),
    remedy: remedy.slice(remedyLabel.length),
  };
}

function onOneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}

/**
 * Makes TypeDoc's Markdown parser read a page as GitHub does.
 *
 * @param {any} parser A MarkdownIt.
 */
export function likeGitHub(parser) {
  // Without this, "README.md" in a sentence becomes a link to a host in Moldova.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  parser.core.ruler.push("like-github", (/** @type {{ tokens: Token[] }} */ { tokens }) => {
    tokens.forEach((token, index) => {
      // TypeDoc takes a block without a language for TypeScript.
      if (token.type === "fence" && token.info === "") token.info = "text";
      // It leaves code out of the anchor and the title of a heading, unless the code has text as a child.
      if (token.type === "heading_open") {
        for (const child of tokens[index + 1]?.children ?? []) {
          if (child.type === "code_inline") child.children = [{ ...child, type: "text", children: null }];
        }
      }
    });
  });
}

/** @typedef {{ type: string, info: string, content: string, children: Token[] | null }} Token */

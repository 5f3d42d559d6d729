import { inertText } from "./pipeline-commands";

/**
 * An XML element. Written here because the available libraries add a DOM, a YAML parser or lodash for a single recursive function, and
 * leave illegal characters to the caller.
 */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly content: string | readonly Element[];
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: string | readonly Element[] = [],
): Element {
  return { name, attributes, content };
}

/** An indented document for UTF-8, well-formed whatever characters its texts contain. */
export function xmlDocument(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementText(root, "")}`;
}

function elementText({ name, attributes, content }: Element, indent: string): string {
  const head = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  const open = `${indent}<${name}${head.join("")}`;
  if (content.length === 0) return `${open}/>\n`;
  if (typeof content === "string") return `${open}>${escapeXml(content)}</${name}>\n`;
  const inner = content.map((child) => elementText(child, `${indent}  `)).join("");
  return `${open}>\n${inner}${indent}</${name}>\n`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/**
 * Text for an attribute or an element. Characters that XML 1.0 forbids even when escaped become U+FFFD. Pipeline commands are made inert
 * in the text itself, because a program that reads the report may print it.
 */
export function escapeXml(text: string): string {
  return (
    inertText(text)
      // eslint-disable-next-line no-control-regex
      .replace(/[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
      .replace(/[&<>"'\n\r\t]/gu, (character) => entities[character] ?? character)
  );
}

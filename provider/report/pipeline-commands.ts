/**
 * Build agents obey certain texts in the log of a step, whoever printed them. Text from a host must not be able to set a
 * variable, hide a secret or fold a log there.
 *
 * - Azure Pipelines: `##vso[area.event …]`, anywhere in a line; `##[group]` and the like for its display
 * - GitHub Actions: `::name …::` behind the blanks of a line's beginning, and the older `##[name …]` anywhere
 * - TeamCity: `##teamcity[…]`
 * - GitLab: `section_start:…` and `section_end:…`
 */
const hashes = /##(?=\w*\[)/gu;
const section = /section_(?=start:|end:)/gu;
/** Matches wherever the text is on its line, so that text stays harmless however it is joined later. */
const lineOfColons = /^([^\S\r\n\u2028\u2029]*::)(?!\u200b)/gmu;
/** A whole command, anywhere in a line; no IPv6 address holds two pairs of colons. */
const pairOfColons = /::(?=[\w-][^:"\n]*::)/gu;

/**
 * Azure's and GitHub's agents compare by .NET's culture rules, which may pass over this space. They go on behind as many letters as
 * the command's beginning has without it, find `[task` or the space in front of the name, and know no such command.
 */
const zeroWidthSpace = "\u200b";

/** The text with a zero-width space, which people do not see, after the first two characters of every command. */
export function inertText(text: string): string {
  return text
    .replace(hashes, `##${zeroWidthSpace}`)
    .replace(lineOfColons, `$1${zeroWidthSpace}`)
    .replace(section, `se${zeroWidthSpace}ction_`);
}

/** JSON that parses to the same value and contains no command. */
export function inertJson(json: string): string {
  return json
    .replace(hashes, "\\u0023#")
    .replace(pairOfColons, "\\u003a:")
    .replace(section, "\\u0073ection_");
}

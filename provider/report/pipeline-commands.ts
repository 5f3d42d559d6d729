/**
 * Build agents execute certain commands in the log of a step, whatever printed them. Text from a host must not be able to set a
 * variable, mask text or fold the log.
 *
 * - Azure Pipelines: `##vso[area.event …]`, and formatting commands such as `##[group]`, anywhere in a line
 * - GitHub Actions: `::name …::` at the beginning of a line, after optional blanks, and the older `##[name …]` anywhere
 * - TeamCity: `##teamcity[…]`
 * - GitLab: `section_start:…` and `section_end:…`
 */
const hashes = /##(?=\w*\[)/gu;
const section = /section_(?=start:|end:)/gu;
/** Matches on every line, so that text stays inert when it is joined to other text. */
const lineOfColons = /^([^\S\r\n\u2028\u2029]*::)(?!\u200b)/gmu;
/** A whole command, anywhere in a line. No IPv6 address contains two pairs of colons. */
const pairOfColons = /::(?=[\w-][^:"\n]*::)/gu;

/**
 * The agents of Azure and GitHub compare text by .NET culture rules, which may ignore this space. They then skip as many characters as
 * the command's prefix has without the space, read `[task`, or the space before the name, and find no command of that name.
 */
const zeroWidthSpace = "\u200b";

/** The text with a zero-width space, which is invisible, after the first two characters of every command. */
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

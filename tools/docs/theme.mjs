import { DefaultTheme } from "typedoc";

/** The navigation leaves out the files of the repository, which have a page only because another page links to them. */
export class SiteTheme extends DefaultTheme {
  /** @override @param {import("typedoc").ProjectReflection} project */
  buildNavigation(project) {
    return super.buildNavigation(project).filter(({ text }) => text !== "Files");
  }
}

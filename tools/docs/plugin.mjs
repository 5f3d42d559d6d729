import { Application, Converter, PageEvent } from "typedoc";
import { likeGitHub } from "./markdown.mjs";
import { pagesInOrder, projectPages } from "./pages.mjs";
import { addLinkedFiles, addPage } from "./documents.mjs";
import { SiteRouter } from "./router.mjs";
import { SiteTheme } from "./theme.mjs";

/**
 * TypeDoc's plugin for this site: adds the pages of docs/, those about the project, and every file that one of them links to.
 *
 * TypeDoc's own `projectDocuments` names a page after its file, or after front matter, which GitHub shows as a table.
 *
 * @param {import("typedoc").Application} app
 */
export function load(app) {
  // TypeDoc resets the options after it has loaded the plugins.
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue("markdownItLoader", likeGitHub);
    app.options.setValue("router", "site");
    app.options.setValue("theme", "site");
  });
  app.renderer.defineRouter("site", SiteRouter);
  app.renderer.defineTheme("site", SiteTheme);

  app.converter.on(Converter.EVENT_BEGIN, ({ project }) => {
    try {
      for (const file of pagesInOrder()) addPage(app, project, file, "Guide");
      for (const file of projectPages()) addPage(app, project, file, "Project");
    } catch (error) {
      app.logger.error(/** @type {any} */ (/** @type {Error} */ (error).message));
    }
  });
  // After TypeDoc's own plugins, of which one reads README.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => addLinkedFiles(app, project), -1000);

  // TypeDoc leads from a page to README by its folder, which only a web server turns into a page.
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = page.contents?.replace(/ href="(\.\/|(?:\.\.\/)+)(#[^"]*)?"/gu, ' href="$1index.html$2"');
  });
}

import { KindRouter, Slugger } from "typedoc";
import { fileOf } from "./documents.mjs";

/** Gives each page the place of its file in the repository, and its headings the anchors that GitHub gives them. */
export class SiteRouter extends KindRouter {
  /** @override @param {import("typedoc").Reflection} target */
  getIdealBaseName(target) {
    const file = fileOf(target);
    return file?.replace(/\.md$/u, "") ?? super.getIdealBaseName(target);
  }

  /** @override @param {import("typedoc").ProjectReflection} project */
  buildPages(project) {
    const pages = super.buildPages(project);
    for (const { model } of pages) {
      if (model === project || fileOf(model))
        this.sluggers.set(model, new GitHubSlugger(this.sluggerConfiguration));
    }
    return pages;
  }
}

/** TypeDoc's own keeps other signs, and makes one hyphen of two. */
class GitHubSlugger extends Slugger {
  /** @type {Set<string>} */
  #anchors = new Set();

  /** @override @param {string} text */
  slug(text) {
    const slug = text
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; this.#anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    this.#anchors.add(anchor);
    return anchor;
  }

  /** @override @param {string} anchor */
  hasAnchor(anchor) {
    return this.#anchors.has(anchor);
  }

  /** Those that share a long word. @override @param {string} wanted */
  getSimilarAnchors(wanted) {
    const words = wanted.split("-").filter((word) => word.length > 3);
    return [...this.#anchors].filter((anchor) => words.some((word) => anchor.includes(word)));
  }
}

export { cacheFolder } from "../tools/cache-folder.mjs";

/**
 * Bundles the plugin, which then needs no node_modules.
 * @param folder where; replaced as a whole. Default: `dist/plugin`
 * @returns the folder
 */
export declare function bundlePlugin(folder?: string): Promise<string>;

/**
 * Bundles the command. It needs the dependencies of package.json, and no other file of `dist`.
 * @param folder where; replaced as a whole. Default: `dist/command`
 * @returns the folder
 */
export declare function bundleCommand(folder?: string): Promise<string>;

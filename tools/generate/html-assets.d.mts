export declare function htmlAssets(): { readonly path: string; readonly text: string };

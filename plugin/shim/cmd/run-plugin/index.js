"use strict";
// `pulumi package add` starts this with the folder of PulumiPlugin.yaml, then the plugin's own arguments. By that folder the plugin is found also
// where a package manager has copied this one.
const { join } = require("node:path");
const [folder] = process.argv.splice(2, 1);
require(join(folder, "plugin.js"));

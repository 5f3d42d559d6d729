"use strict";
// The plugin is in one place only.
require("../dist/plugin/plugin.js");

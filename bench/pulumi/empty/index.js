"use strict";
/* eslint-disable @typescript-eslint/no-require-imports -- a CommonJS program, as `pulumi new` makes it for JavaScript */

// Loads the SDK, as every program does, and declares nothing.
require("@pulumi/pulumi");

#!/usr/bin/env node
/* ES5 and CommonJS on purpose: the oldest Node must get as far as the sentence that says that it is too old. */
/* eslint-disable */
"use strict";
var fs = require("fs");
var path = require("path");

var source = path.join(__dirname, "..", "src", "cli", "main.ts");
var compiled = path.join(__dirname, "..", "dist", "cli", "main.js");
var clone = fs.existsSync(source);
/* Node runs TypeScript without a warning from 24.12 on. The package needs what its dependencies need. */
var needed = clone ? [24, 12] : [22, 19];
var found = process.versions.node.split(".").map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  var remedy = clone
    ? "run `npm ci` here and then `npx firedrill`, which brings its own Node"
    : "install Node " +
      needed.join(".") +
      " or newer from https://nodejs.org, or `npm install node@22` beside it and use `npx firedrill`";
  console.error(
    "error: firedrill needs Node " + needed.join(".") + " or newer, found " + process.versions.node + ": " + remedy,
  );
  process.exitCode = 2;
} else if (!clone && !fs.existsSync(compiled)) {
  console.error("error: firedrill is not built: " + compiled + " is missing; install the package again");
  process.exitCode = 2;
} else {
  require("module").enableCompileCache();
  require(clone ? source : compiled);
}

#!/usr/bin/env node
import { main } from "../dist/cli/main.js";

// Standard input may still be open at its other end: nothing is left to wait for.
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

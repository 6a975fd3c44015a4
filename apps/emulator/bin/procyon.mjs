#!/usr/bin/env node
import { main } from "../dist/cli/main.js";

// Standard input may still be open at its other end: nothing is left to wait for.
process.exit(await main(process.argv.slice(2)));

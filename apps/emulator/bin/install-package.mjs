import { installMain } from "../dist/packages/install-main.js";

process.exitCode = await installMain(process.argv.slice(2));

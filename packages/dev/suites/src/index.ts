export { suites } from "./main.ts";

export { image, main } from "./main.ts";
export { readIdentify } from "./identify.ts";
export { readTable } from "./partition-table.ts";

/**
 * An object with these fields, all of them null. Copies of it (`{ ...record }`) are what the host's compiler makes of a literal; an object
 * that gets many fields one by one, under names that are not written in the program, it keeps as a table, which is slow to read and to go through.
 */
export function recordOf(names: readonly string[]): { readonly [name: string]: unknown } {
  return JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join(",")}}`) as { readonly [name: string]: unknown };
}

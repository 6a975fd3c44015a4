import { SYSCTL_CODE_STACKTRACE } from "@procyon-os/contract-kernel";
import type { Program, VirtAddr } from "@procyon-os/message";
import { kernel, printf } from "@procyon-os/syslib";
import type { Dump, Line } from "./dump.ts";
import { dumps } from "./dumps/all.ts";
import { keyName } from "./key.ts";
import type { IsState } from "./state.ts";

function* printLines(lines: readonly Line[]): Program<void> {
  let text = "";
  for (const line of lines) {
    text += `${line.text}\n`;
    if (line.stackOf === undefined) continue;
    yield* printf(text);
    text = "";
    yield* kernel.sysctl({ code: SYSCTL_CODE_STACKTRACE, buffer: 0 as VirtAddr, argument: line.stackOf }); // gone meanwhile: nothing
  }
  if (text !== "") yield* printf(text);
}

/** Prints the next page of the dump of a key; after the last one comes the first. A table may have become shorter meanwhile. */
export function* printPage(state: IsState, key: number): Program<void> {
  const dump = dumps.get(key);
  if (dump === undefined) return;
  const shown = yield* dump.read();
  if ("problem" in shown) return yield* printf(`${shown.problem}\n`);
  const { lines } = shown;
  const from = startOf(state, key, dump, lines.length);
  const end = Math.min(from + dump.pageLines, lines.length);
  const more = end < lines.length;
  yield* printLines([{ text: `${keyName(key)}: ${dump.title}` }, { text: shown.heading }, ...lines.slice(from, end), ...(more ? [{ text: "--more--" }] : [])]);
  if (more) state.pages.set(key, end);
  else state.pages.delete(key);
}

function startOf(state: IsState, key: number, dump: Dump, length: number): number {
  if (dump.lastPageOnly === true) return Math.max(0, length - dump.pageLines);
  const from = state.pages.get(key) ?? 0;
  return from < length ? from : 0;
}

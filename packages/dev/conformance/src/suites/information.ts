import type { Bench } from "../bench.ts";
import { holds, same, type Check } from "../check.ts";
import { shell, type Suite } from "./suite.ts";

const F1 = "\u001bOP";
const F12 = "\u001b[24~";
const SHIFT_F6 = "\u001b[17;2~";
const PAGE_LINES = 22;
const CTRL_U = "\u0015";

/** What is printed where keys are pressed at the console. */
function press(bench: Bench, keys: string): string {
  const { machine } = bench;
  const from = machine.messages.length;
  machine.system.type(Uint8Array.from(keys, (character) => character.charCodeAt(0)));
  machine.pass(0.5);
  return machine.messages.slice(from);
}

const keys = (bench: Bench): Check => ({
  title: "prints a page of 22 lines when a function key is pressed, and the next one at the next press",
  run() {
    const first = press(bench, F1).trimEnd().split("\n");
    same("the title of F1", first[0], "F1: kernel process table");
    same("lines of its first page", first.length, 2 + PAGE_LINES + 1);
    same("its last line", first.at(-1), "--more--");
    const second = press(bench, F1);
    holds("the second page has others", !second.includes(first[2] as string) && second.startsWith("F1: "), second);
    same("what is printed for a key without a dump", press(bench, F12 + CTRL_U), "");
  },
});

const pages = (bench: Bench): Check => ({
  title: "keeps its place in a long table over an update and over its own death",
  run() {
    const { machine, label } = bench;
    machine.run("for i in 1 2 3 4; do service up /sbin/memory -label more$i; done");
    const hasMore = (text: string): boolean => text.trimEnd().endsWith("--more--");
    holds("the first page of the services has more", hasMore(press(bench, SHIFT_F6)));
    same("update", machine.system.update(label, bench.next(1)), { ok: true });
    const second = press(bench, SHIFT_F6);
    holds("the page after the update is the last one", second.includes("\nmore4 ") && !hasMore(second), second);
    holds("then the first comes again", hasMore(press(bench, SHIFT_F6)));
    machine.run(`kill -9 ${machine.service(label)?.pid}`);
    machine.pass(3);
    const third = press(bench, SHIFT_F6);
    holds("the page after its death is the last one", third.includes("\nmore4 ") && !hasMore(third), third);
    machine.run("for i in 1 2 3 4; do service down more$i; done");
  },
});

/** IS: dumps. */
export const isSuite: Suite = {
  parameters: { debug_fkeys: "1" }, // /etc/rc starts it
  answers: {},
  live: { crashes: 4 },
  job: `
for i in 1 2 3; do
  isdump F3 F10 | cksum; isdump SF5 | wc -l; isdump SF4 | grep -c at_wini_0
  isdump SF1 | grep -c '^init '; isdump SF3 | wc -l | grep -c '[0-9]'; isdump SF6 | grep -c '^pm '; isdump SF8 | grep -c 'tty .*LABEL 5$'
done
`,
  behaviour: (bench) => [
    keys(bench),
    pages(bench),
    shell(bench, "shows tables of the kernel and of every server as text", [
      ["isdump F1 | grep -c ' vfs .*RECEIVING'", "1\n"],
      ["isdump F5 | grep -c '^debug_fkeys=1$'", "1\n"],
      ["isdump F8 | grep -c '^total .* free '", "1\n"],
      ["isdump SF4 | grep -c '^tty  *4 '", "1\n"],
      ["isdump SF6 | grep -c '^vfs  *1 '", "1\n"],
      ["isdump SF9 | grep -c ' init '", "1\n"],
      ["isdump F9; echo $?", "isdump: F9: no dump has this key: see isdump\n1\n"],
    ]),
  ],
};

import type { Bench } from "../bench.ts";
import type { AnswerRules } from "../calls.ts";
import type { Check } from "../check.ts";
import type { LiveRules } from "../live.ts";

/** What is known of a service of the machine beside its contract. */
export interface Suite {
  /** What RS calls it, where that is not its name. */
  readonly label?: string;
  /** How its contract is tried on the machine; without it, it is not. */
  readonly answers?: AnswerRules;
  readonly live: LiveRules;
  /** A shell script that needs the service, and prints the same each time. */
  readonly job: string;
  /** What it does for its clients. */
  readonly behaviour: (bench: Bench) => readonly Check[];
  /** Boot parameters that it is there with. */
  readonly parameters?: { readonly [name: string]: string };
  /** More files of the root disk. */
  readonly files?: { readonly [path: string]: string };
}

/** A check that runs commands in the shell, and compares what they print. */
export function shell(bench: Bench, title: string, cases: readonly (readonly [command: string, output: string])[]): Check {
  return {
    title,
    run() {
      for (const [command, wanted] of cases) {
        const found = bench.machine.run(command);
        if (found !== wanted) throw new Error(`${command} prints ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
      }
    },
  };
}

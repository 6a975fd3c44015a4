import { pmContract } from "@procyon-os/contract-pm";
import { PM, type Endpoint } from "@procyon-os/message";
import { client } from "@procyon-os/syslib";
import type { Bench } from "../bench.ts";
import { holds, type Check } from "../check.ts";
import { shell, type Suite } from "./suite.ts";

const CRYSTAL_HZ = 14_318_180;
const HOGS = 3;
const SECONDS = 1;

/** Lets three programs that ask for all of the processor run side by side, the last one nicer: user ticks of each, and how long the shell took meanwhile. */
function race(bench: Bench): { readonly ticks: readonly number[]; readonly seconds: number } {
  const { machine } = bench;
  const { clock } = machine.system.board;
  const pm = client(pmContract, PM);
  const pids = Array.from({ length: HOGS }, () => {
    machine.run("sh -c 'while :; do :; done' & echo $! >/tmp/hog");
    return Number(machine.run("cat /tmp/hog"));
  });
  const nicer = machine.act(() => pm.setPriority({ which: 0, who: pids.at(-1) as number, priority: 15 }));
  holds("a nice value of 15 can be set", nicer.ok, nicer);
  const endpoints = pids.map((pid) => Number(machine.run("ps -l").split("\n").map((line) => line.trim().split(/\s+/)).find(([first]) => first === String(pid))?.[3]));
  const used = (): number[] => endpoints.map((endpoint) => machine.system.kernel.processes.find(endpoint as Endpoint)?.userTime ?? 0);
  const before = used();
  machine.pass(SECONDS);
  const ticks = used().map((now, index) => now - (before[index] ?? 0));
  const start = clock.now;
  machine.run("echo alive");
  const seconds = (clock.now - start) / CRYSTAL_HZ;
  machine.run(`kill -9 ${pids.join(" ")}; wait`);
  return { ticks, seconds };
}

const sharing = (bench: Bench): Check => ({
  title: "shares the processor between those who ask for all of it, gives less to who is nicer, and lets who waits for input go first",
  run() {
    const { ticks, seconds } = race(bench);
    const [first = 0, second = 0, nice = 0] = ticks;
    holds("two programs that only compute get about the same (ticks of each)", Math.min(first, second) > 0 && Math.max(first, second) <= 2 * Math.min(first, second), ticks);
    holds("a program with nice value 15 gets less than half of that (ticks of each)", 2 * nice < Math.min(first, second), ticks);
    holds("the shell answers within half a second meanwhile", seconds < 0.5, `${seconds.toFixed(2)} s`);
  },
});

/** SCHED: who runs when. */
export const schedSuite: Suite = {
  answers: {},
  live: { crashes: 6 },
  job: `
for i in 1 2 3 4 5; do (exit $i); echo $?; done
seq 1 30 | sort -n | tail -n 1 & wait
`,
  behaviour: (bench) => [
    shell(bench, "takes over every process that is made, and gives up every one that ends", [
      ["for i in 1 2 3 4 5 6 7 8; do sh -c 'exit 0'; done; echo $?", "0\n"],
      ["(for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait); echo all", "all\n"],
    ]),
    sharing(bench),
  ],
};

import { IPC_VECTOR, LOG, MEM, RECEIVE, RECEIVE_NOTED, type Frame } from "@procyon-os/message";
import { getUptime, load, receive } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { Machine, rootImage, watched } from "./machine.mjs";

const labels = ["pm", "vfs", "ds", "sched", "vm", "tty", "log", "memory", "pfs"];
const isReceive = ({ vector, ecx }: Frame): boolean => vector === IPC_VECTOR && (ecx === RECEIVE || ecx === RECEIVE_NOTED);

/** A machine of which a service can be made to do something else for ever, when it has handled a request. */
function machineWith(names: readonly string[]): { machine: any; hang: (label: string, how: () => Generator<any, void, any>) => void } {
  const plans = new Map<string, () => Generator<any, void, any>>();
  const services = watched(names, ({ name, frame }: { name: string; frame: Frame }) => {
    const how = isReceive(frame) ? plans.get(name) : undefined;
    if (how === undefined) return undefined;
    plans.delete(name);
    return how();
  });
  const machine = new Machine([rootImage({})], { services });
  machine.pass(2);
  return { machine, hang: (label, how) => void plans.set(label, how) };
}

/** Moves so many bytes at a time that few traps take long. */
function* spin(): Generator<any, void, any> {
  for (;;) yield* load(0x1000, 32 * 1024);
}

const works = "seq 1 30 | sort -n | tail -n 1; echo on >/dev/klog; cat /dev/null; echo on";

it.each(labels)("[R06] %s hangs between two requests: it is noticed within three periods, and what is asked of it then is done", (label) => {
  const { machine, hang } = machineWith([label]);
  const before = machine.service(label);
  const from = machine.messages.length;
  hang(label, function* () {
    for (;;) yield* receive(label === "log" ? MEM : LOG);
  });
  machine.type(`${works}\n`);
  machine.pass(18);
  expect(machine.messages.slice(from)).toContain(`RS: ${label} died and was replaced (restart 1)`);
  expect(machine.messages.slice(from).match(/died/g)).toHaveLength(1);
  expect(machine.must(works)).toBe("30\non\n");
  expect(machine.service(label)).toEqual(before);
});

it.each(["vfs", "vm"])("[R06] %s runs without end, ahead of others that get no CPU: it alone is replaced, after half a minute", (label) => {
  const { machine, hang } = machineWith([label]);
  const from = machine.messages.length;
  hang(label, spin);
  machine.type(`${works}\n`);
  machine.pass(27);
  expect(machine.messages.slice(from)).not.toContain("died");
  machine.pass(18);
  expect(machine.messages.slice(from).match(/RS: .* died/g)).toEqual([`RS: ${label} died`]);
  expect(machine.must(works)).toBe("30\non\n");
});

it("[R06] what is at work for long is left alone, and so is who waits for it", () => {
  const { machine, hang } = machineWith(["at_wini", "memory"]);
  const from = machine.messages.length;
  const busy = function* (): Generator<any, void, any> {
    const end = (yield* getUptime()) + 20 * 60;
    while ((yield* getUptime()) < end) yield* load(0x1000, 4096);
  };
  hang("at_wini", busy);
  machine.type("find / >/dev/null; sync\n");
  machine.pass(30);
  hang("memory", busy);
  machine.pass(30);
  expect(machine.messages.slice(from)).not.toContain("died");
  expect(machine.must(works)).toBe("30\non\n");
});

import { SYS_PROC } from "@procyon-os/contract-kernel";
import { RS_LU_PREPARE } from "@procyon-os/contract-rs";
import { IPC_VECTOR, RECEIVE, RS, SENDREC } from "@procyon-os/message";
import { imageWith, vfsState, type VfsState } from "@procyon-os/vfs";
import { beforeAll, expect, it } from "vitest";
import { endLoad, loadMachine, startLoad } from "./load.mjs";
import { nicknames } from "./pm-versions.mjs";

const TIMES = 20;
let machine: ReturnType<typeof loadMachine>;

beforeAll(() => {
  machine = loadMachine({ packages: nicknames.packages });
});

/** What the load prints when nothing is lost and nothing is wrong. */
const right = {
  once: ["4193090095 40000", "ga", "40000", "3656847943 2048", "same"], complete: true, errors: "",
  clients: [{ name: "dsclient", wrong: 0, lost: 0, first: "" }, { name: "adder", wrong: 0, lost: 0, first: "" }, { name: "dumper", wrong: 0, lost: 0, first: "" }],
};

it.each(["ds", "tty", "log", "memory", "at_wini_0", "sched", "pm", "vfs", "pfs", "fs_imgrd", "is", "counter"])("[R07] [S05] updates %s twenty times under load, and nothing is lost or wrong", (label) => {
  const before = machine.service(label);
  const from = machine.messages.length;
  startLoad(machine);
  expect(machine.run(`i=0; while [ $i -lt ${TIMES} ]; do service update self -label ${label} || echo FAILED; i=$((i+1)); done`)).toEqual({ output: "", status: 0 });
  const result = endLoad(machine);
  expect(result).toMatchObject(right);
  expect(Math.min(...result.clients.map(({ done }) => done), result.rounds)).toBeGreaterThan(0);
  expect(machine.messages.slice(from).match(new RegExp(`RS: ${label}: update succeeded`, "g"))).toHaveLength(TIMES);
  expect(machine.service(label)).toEqual(before); // endpoint and pid
  machine.system.kernel.check();
});

/** Counts the users' traps while nobody serves at an endpoint: from the old version's word that it is ready to the new one's first RECEIVE. */
function usersTraps(kernel: any, endpoint: number, run: () => void): number {
  const noteTrap = kernel.noteTrap;
  let [serves, count] = [true, 0];
  kernel.noteTrap = (process: any, vector: number) => {
    noteTrap.call(kernel, process, vector);
    const { ecx, eax, message } = process.hosted?.frame ?? {};
    if (process.endpoint !== endpoint) count += !serves && (process.privileges.flags & SYS_PROC) === 0 ? 1 : 0;
    else if (vector === IPC_VECTOR && ecx === SENDREC && eax === RS) serves = message[1] !== RS_LU_PREPARE;
    else if (vector === IPC_VECTOR && ecx === RECEIVE) serves = true;
  };
  run();
  kernel.noteTrap = noteTrap;
  return count;
}

it.each(["is", "counter"])("[R07] no user's process runs while nobody serves since %s is updated, whatever its priority, which it has again after that", (label) => {
  const { kernel } = machine.system as any;
  const { endpoint } = machine.service(label) as { endpoint: number };
  startLoad(machine);
  expect(usersTraps(kernel, endpoint, () => machine.must(`i=0; while [ $i -lt ${TIMES} ]; do service update self -label ${label}; i=$((i+1)); done`))).toBe(0);
  endLoad(machine);
  const { scheduler, priority } = kernel.processes.find(endpoint);
  expect([scheduler.name, priority]).toEqual(["sched", 7]);
});

it("[S07] [R07] updates to a version with another shape of the state and back, twenty times under load", () => {
  startLoad(machine);
  const line = "service update counter --package counter@2.0.0 && service update counter --package counter@1.0.0";
  expect(machine.run(`i=0; while [ $i -lt ${TIMES / 2} ]; do ${line} || echo FAILED; i=$((i+1)); done`)).toEqual({ output: "", status: 0 });
  expect(endLoad(machine)).toMatchObject(right);
  expect(machine.messages).toMatch(/counter 2 starts at [1-9]\d*\n/);
});

it("[S07] [R07] updates PM to a version with another shape of its table and back, under load", () => {
  startLoad(machine);
  const line = "service update pm --package @procyon-os/pm@9.2.0 && service update pm --package @procyon-os/pm@9.1.0";
  expect(machine.run(`i=0; while [ $i -lt ${TIMES / 2} ]; do ${line} || echo FAILED; i=$((i+1)); done`)).toEqual({ output: "", status: 0 });
  expect(endLoad(machine)).toMatchObject(right);
  expect(nicknames.seen).toBeGreaterThan(12 * TIMES / 2);
  machine.system.kernel.check();
});

/** VFS whose files have a field more, and a version before it that can take a state back. */
function vfsVersions(): { packages: ReturnType<typeof imageWith>[]; line: string } {
  const grown = (old: VfsState) => ({ ...old, files: new Map([...old.files].map(([id, file]) => [id, { ...file, opened: "once" }])) });
  const back = ({ files, ...rest }: VfsState) => ({ ...rest, files: new Map([...files].map(([id, file]) => [id, { ...file, opened: undefined }])) });
  const { version } = vfsState;
  const packages = [
    imageWith({ ...vfsState, version: version + 1, migrations: { [version]: grown } }, "0.8.0"),
    imageWith({ ...vfsState, migrations: { [version + 1]: back } }, "0.7.0"),
  ];
  return { packages, line: "service update vfs --package @procyon-os/vfs@0.8.0 && service update vfs --package @procyon-os/vfs@0.7.0" };
}

it("[S07] [R07] updates VFS to a version with another shape of the state and back, twenty times under load", () => {
  const { packages, line } = vfsVersions();
  const own = loadMachine({ packages: packages as never[] });
  const from = own.messages.length;
  startLoad(own);
  expect(own.run(`i=0; while [ $i -lt ${TIMES / 2} ]; do ${line} || echo FAILED; i=$((i+1)); done`)).toEqual({ output: "", status: 0 });
  expect(endLoad(own)).toMatchObject(right);
  expect(own.messages.slice(from).match(/RS: vfs: update succeeded/g)).toHaveLength(TIMES);
  own.system.kernel.check();
});

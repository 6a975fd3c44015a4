import { beforeAll, expect, it } from "vitest";
import { judge } from "./campaign.mjs";
import { Machine, rootImage } from "./machine.mjs";
import { Rounds } from "./rounds.mjs";
import { requests, StruckRs } from "./rs-strikes.mjs";
import { badVersions, nextShape, presentShape } from "./versions.mjs";

const next = nextShape("rs");
const present = presentShape("rs");
const bad = badVersions("rs");
let rounds: any;
let clean: any;

beforeAll(() => {
  rounds = new Rounds({ packages: [next, present, ...Object.values(bad)] } as never);
  rounds.round();
  clean = rounds.round();
  expect(clean).toMatchObject({ ending: "", problems: [] });
});

const run = (command: string): { output: string; status: number } => rounds.machine.run(command);
const update = ({ name, version }: { name: string; version: string }): number => run(`service update rs --package ${name}@${version}`).status;
const pids = (label: string): string => run(`ps | grep ' ${label}$' | wc -l`).output.trim();

const unharmed = (): void => expect(judge(rounds.round(0), clean)).toEqual({ wrong: [], errors: [] });

it("[R07] [R11] [S07] RS is updated to a version whose state has another shape, and back, under load, while services are restarted", () => {
  const before = rounds.machine.service("rs");
  const restarted = ["service refresh counter", `kill -9 ${rounds.machine.service("log").pid}`, "service refresh at_wini_0"];
  const { value, output } = rounds.beside(() => restarted.flatMap((line) => [run(line).status, update(next), run(line).status, update(present)]));
  expect(value).toEqual(restarted.flatMap(() => [0, 0, 0, 0]));
  expect(output).toBe(clean.output);
  expect(rounds.machine.service("rs")).toEqual(before);
  rounds.machine.pass(3);
  expect(pids("rs")).toBe("3"); // itself and two that stand by
  unharmed();
  expect(run("memstat --check | tail -1").output).toBe("check: every page has exactly one use\n");
});

it("[R10] [R11] after an update the next instance of RS is of the new version, and goes on from its state", () => {
  rounds.machine.must(`service update rs --package ${next.name}@${next.version}`);
  const from = rounds.machine.messages.length;
  run(`kill -9 ${rounds.machine.service("rs").pid}`); // at once: what was made for the update stands by
  rounds.machine.pass(3);
  expect(rounds.machine.messages.slice(from)).toContain("RS: rs died and was replaced");
  expect(update(present)).toBe(0); // this version refuses a state without the field that the next one has
  run(`kill -9 ${rounds.machine.service("rs").pid}`);
  rounds.machine.pass(3);
  expect(pids("rs")).toBe("3");
  unharmed();
});

it.each(Object.entries(bad))("[R07] the old RS goes on where the new version %s", (_what, version) => {
  const before = rounds.machine.service("rs");
  const { value, output } = rounds.beside(() => update(version as never));
  expect([41, 76]).toContain(value); // ERESTART, EOPNOTSUPP
  expect(output).toBe(clean.output);
  expect(rounds.machine.service("rs")).toEqual(before);
  rounds.machine.pass(2);
  expect(pids("rs")).toBe("3");
});

it("and after that everything is as it was", () => {
  unharmed();
  expect(run("memstat --check | tail -1").output).toBe("check: every page has exactly one use\n");
});

it("[R07] children, alarms and pings go on across an update of RS", () => {
  const { machine } = rounds;
  machine.must("service up /test/counter -config /test/test.conf -label pinged -period 1HZ");
  const from = machine.messages.length;
  for (let time = 0; time < 4; time++) {
    machine.must("service update self -label rs");
    machine.pass(1.5);
  }
  machine.must(`kill -9 ${machine.service("pinged").pid}`); // a child of RS ends
  machine.pass(2);
  expect(machine.messages.slice(from)).toContain("RS: pinged died and was replaced (restart 1)");
  machine.must("service down pinged");
  expect(pids("counter")).toBe("1");
});

it("[R07] wherever the old RS or the new one dies during the update, one of them goes on, and nothing is left over", () => {
  const rs = new StruckRs();
  const request = requests.find(([name]) => name === "own update") as never;
  const before = rs.picture();
  const { traps } = rs.strike(request, Infinity);
  expect(traps).toBeGreaterThan(150);
  let updated = 0;
  for (let nth = 3; nth <= traps; nth += 17) {
    const { status, output, hit } = rs.strike(request, nth);
    expect([hit, rs.picture()], `trap ${nth}: ${output}`).toEqual([true, before]);
    if (status === 0) updated++;
    else expect(output, `trap ${nth}`).toMatch(/Driver restarted/);
  }
  expect(updated).toBeGreaterThan(0);
});

it.each([2, 4])("[R07] [R10] RS is updated, fails to be and dies on %i CPUs, as VM does beside it", (cpus) => {
  const machine: any = new Machine([rootImage({})], { cpus, packages: [next, present, bad["crashes at once"] as never] });
  machine.pass(2);
  for (const [{ name, version }, status] of [[next, 0], [bad["crashes at once"], 41], [present, 0]] as [{ name: string; version: string }, number][]) {
    expect(machine.run(`service update rs --package ${name}@${version}`).status).toBe(status);
    machine.must(`kill -9 ${machine.service("vm").pid}; kill -9 ${machine.service("rs").pid}`);
    machine.pass(3);
    expect(machine.must("seq 1 30 | sort -n | tail -n 1; ps | grep -c ' rs$'; memstat --check | tail -1")).toBe("30\n3\ncheck: every page has exactly one use\n");
  }
  machine.system.kernel.check();
});

it("[E04] system.update says what came of an update of RS", () => {
  const { system }: any = new Machine([rootImage({})], { operator: true });
  expect(system.update("rs", next)).toEqual({ ok: true });
  expect(system.update("rs", bad["crashes at once"] as never)).toMatchObject({ ok: false, error: "ERESTART" });
  expect(system.update("rs", present)).toEqual({ ok: true });
});

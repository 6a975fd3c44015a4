import type { Protocol, ServiceImage } from "@procyon-os/message";
import { fail, ok } from "@procyon-os/message";
import { sefStartup, stateSpec, withStateSpec } from "@procyon-os/sef";
import type { Bench } from "./bench.ts";
import { holds, same, type Check } from "./check.ts";
import { withBrokenContract } from "./versions.ts";

/** What keeps a service busy: a script that prints the same each time, whatever happens to the service meanwhile. */
export const JOB = "/conf/job.sh";
const SETTLE_SECONDS = 3;

/** Whether a service is updated and recovers, and how thoroughly that is tried. */
export interface LiveRules {
  /** False for a service that RS may refuse to update (ENOSYS); it has to go on then. */
  readonly updates?: boolean;
  /** Moments at which the service crashes, spread over the job. */
  readonly crashes?: number;
  /** False where a service keeps nothing, so that no version can be strange to it. */
  readonly keepsState?: boolean;
  /** False where SIGKILL by the pid does not reach the service. */
  readonly killable?: boolean;
  /** False where the service may come back at another endpoint. */
  readonly staysAtEndpoint?: boolean;
}

/** Runs the job, and something beside it: what the job printed. */
function runJob(bench: Bench, beside?: () => void): string {
  const { machine } = bench;
  machine.run("rm -f /tmp/conf.out; sync");
  if (beside === undefined) machine.run(`sh ${JOB} >/tmp/conf.out 2>&1`);
  else {
    machine.run(`sh ${JOB} >/tmp/conf.out 2>&1 &`);
    beside();
    machine.run("wait");
  }
  return machine.run("cat /tmp/conf.out");
}

const planted = (image: ServiceImage, version: string, callbacks: object): ServiceImage => {
  const none = stateSpec<object>({ name: image.name, version: 1, saved: false });
  return { ...image, version, *main() { yield* sefStartup(none, { *initFresh() { return ok({}); }, ...callbacks } as never); } };
};

/** Next versions that must not get in. */
export function badVersions(image: ServiceImage, keepsState: boolean): readonly (readonly [string, ServiceImage])[] {
  return [
    ["refuses to take over", planted(image, "8.1.0", { *initLu() { return fail("EGENERIC"); } })],
    ["throws at once", { ...image, version: "8.2.0", *main() { throw new Error("planted"); } }],
    ["throws while it takes over", planted(image, "8.3.0", { *initLu() { throw new Error("planted"); } })],
    ...(keepsState ? [["knows no way from the state that is there", { ...withStateSpec(image, (spec) => ({ ...spec, version: 77, migrations: {} })), version: "8.4.0" }] as const] : []),
  ];
}

function updateCheck(bench: Bench, job: () => string): Check {
  return {
    title: "is updated to a next version and back under load, and nobody notices",
    run() {
      const wanted = job();
      const { machine, label } = bench;
      const before = machine.service(label);
      const outcomes: unknown[] = [];
      const output = runJob(bench, () => {
        for (const version of [bench.next(1), bench.next(0), bench.next(2)]) outcomes.push(machine.system.update(label, version));
      });
      same("updates", outcomes, [{ ok: true }, { ok: true }, { ok: true }]);
      same("the output of the job", output, wanted);
      same("the service", machine.service(label), before);
    },
  };
}

function refusalChecks(bench: Bench, contract: Protocol<any> | undefined, job: () => string, { keepsState = true }: LiveRules): Check[] {
  const stays = (what: string, image: ServiceImage): string => {
    const { machine, label } = bench;
    const before = machine.service(label);
    const outcome = machine.system.update(label, image);
    holds(`a version that ${what} does not get in`, !outcome.ok);
    same(`the service after a version that ${what}`, machine.service(label), before);
    return outcome.ok ? "" : `${outcome.error}: ${outcome.reason}`;
  };
  return [
    ...(contract === undefined ? [] : [{
      title: "stays where a next version breaks a call, and the call is named",
      run() {
        const { image, call } = withBrokenContract(bench.next(0), contract);
        const reason = stays("breaks a call", image);
        holds(`the refusal names ${contract.name}.${call}`, reason.startsWith("EOPNOTSUPP") && reason.includes(`.${call}: the number changed`), reason);
      },
    }]),
    {
      title: "goes on where a next version refuses, crashes, or does not know the state",
      run() {
        const wanted = job();
        for (const [what, image] of badVersions(bench.next(0), keepsState)) stays(what, image);
        same("the output of the job after that", runJob(bench), wanted);
      },
    },
  ];
}

function crashCheck(bench: Bench, job: () => string, crashes: number): Check {
  return {
    title: `does its work whenever it crashes (${crashes} moments)`,
    run() {
      const wanted = job();
      const { watch } = bench;
      const most = bench.trapsOfJob;
      let crashed = 0;
      for (let time = 0; time < crashes; time++) {
        const lives = watch.instances;
        watch.traps = 0;
        const moment = 1 + Math.floor((most * (2 * time + 1)) / (2 * crashes));
        watch.crashAt = moment;
        const output = runJob(bench);
        if (watch.crashAt === 0) crashed++;
        watch.crashAt = 0;
        same(`the output of the job where the service crashes at its trap ${moment} of ${most}`, output, wanted);
        bench.machine.pass(SETTLE_SECONDS);
        holds(`a new instance after the crash at trap ${moment}`, watch.instances > lives, watch.instances);
      }
      holds("it crashed in the job", crashed > 0, crashed);
    },
  };
}

function killCheck(bench: Bench, job: () => string, staysAtEndpoint: boolean): Check {
  return {
    title: "is there again after it was killed, and its users go on",
    run() {
      const wanted = job();
      const { machine, label } = bench;
      const before = machine.service(label);
      machine.run(`kill -9 ${before?.pid}`);
      machine.pass(SETTLE_SECONDS);
      const after = machine.service(label);
      holds(`there is a service ${label}`, after !== null);
      if (staysAtEndpoint) same("its endpoint", after?.endpoint, before?.endpoint);
      same("the output of the job", runJob(bench), wanted);
    },
  };
}

/** Updates, refusals, crashes and kills of a service while a job runs that needs it. */
export function liveChecks(bench: Bench, contract: Protocol<any> | undefined, rules: LiveRules): Check[] {
  const { updates = true, crashes = 4, killable = true, staysAtEndpoint = true } = rules;
  let undisturbed: string | null = null;
  const job = (): string => (undisturbed ??= runJob(bench));
  return [
    {
      title: "does the same work twice with the same outcome",
      run() {
        const wanted = job();
        bench.watch.traps = 0;
        same("the second output of the job", runJob(bench), wanted);
        bench.trapsOfJob = bench.watch.traps;
      },
    },
    ...(updates ? [updateCheck(bench, job), ...refusalChecks(bench, contract, job, rules)] : []),
    ...(killable ? [killCheck(bench, job, staysAtEndpoint)] : []),
    ...(crashes > 0 ? [crashCheck(bench, job, crashes)] : []),
  ];
}

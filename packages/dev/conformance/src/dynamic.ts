import { newMessage, describeResult, messageType, type Call, type Endpoint, type Program, type Protocol, type ServiceImage } from "@procyon-os/message";
import { sendrec, tickDelay } from "@procyon-os/syslib";
import { dynamicBench, type Bench } from "./bench.ts";
import { contractChecks, type AnswerRules } from "./calls.ts";
import { holds, runChecks, same, type Check, type CheckOutcome } from "./check.ts";
import { spoiling, type ConformanceOptions } from "./conformance.ts";
import { badVersions } from "./live.ts";
import { withBrokenContract } from "./versions.ts";

export interface DynamicOptions extends ConformanceOptions, Pick<AnswerRules, "silent" | "always" | "leaveOut" | "notZeros"> {
  /** What the service may do: the lines of its section in system.conf. Default: `uid 0;`. */
  readonly rights?: string;
  /** One step of a client, the n-th after the service was started: what it heard, as a text. Default: each call with zeros. */
  readonly step?: (service: Endpoint, n: number) => Program<string>;
  /** A version whose state has another shape: the service is updated to it and back. Default: the same with another number. */
  readonly next?: ServiceImage;
  /** False where a request may be lost or done twice when the service dies: then only that it comes back is asked. */
  readonly once?: boolean;
}

const STEPS = 24;
const SETTLE_SECONDS = 3;

/** Each call of the contract with zeros, in turn. */
function zeros(contract: Protocol<any>): (service: Endpoint, n: number) => Program<string> {
  const calls = Object.entries(contract.calls as { readonly [name: string]: Call });
  return function* (service, n) {
    const [name, { number }] = calls[n % calls.length] as (typeof calls)[number];
    return `${name}: ${describeResult(messageType(yield* sendrec(service, newMessage(contract.base + number))))}`;
  };
}

class Scene {
  readonly bench: Bench;
  private readonly step: NonNullable<DynamicOptions["step"]>;

  constructor(bench: Bench, step: NonNullable<DynamicOptions["step"]>) {
    this.bench = bench;
    this.step = step;
  }

  /** Starts the service from nothing. */
  start(): Endpoint {
    const { machine, label } = this.bench;
    if (machine.service(label) !== null) same(`service down ${label}`, machine.run(`service down ${label}`), "");
    const said = machine.run(`service up /conf/service -config /conf/service.conf -label ${label} && echo started`);
    same(`service up of ${label}`, said, "started\n");
    return machine.service(label)?.endpoint as Endpoint;
  }

  /** A client's steps from a fresh start on, a tick apart; `beside` is done while they are made, or it crashes at a trap. */
  steps({ beside = () => {}, crashAt = 0 }: { readonly beside?: () => void; readonly crashAt?: number } = {}): string {
    const service = this.start();
    const { step } = this;
    const { machine, watch } = this.bench;
    watch.traps = 0;
    watch.crashAt = crashAt;
    const finish = machine.begin(function* () {
      const heard: string[] = [];
      for (let n = 0; n < STEPS; n++) {
        heard.push(yield* step(service, n));
        yield* tickDelay(1);
      }
      return heard.join("\n");
    });
    beside();
    return finish();
  }
}

function updates(scene: Scene, next: () => ServiceImage, undisturbed: () => string): Check {
  return {
    title: "is updated to its next version and back under load, and its client hears what it always does",
    run() {
      const wanted = undisturbed();
      const { bench } = scene;
      const outcomes: unknown[] = [];
      const heard = scene.steps({
        beside: () => {
          for (const version of [next(), bench.next(0)]) outcomes.push(bench.machine.system.update(bench.label, version));
        },
      });
      same("the updates", outcomes, [{ ok: true }, { ok: true }]);
      same("what the client heard", heard, wanted);
    },
  };
}

function refusals(scene: Scene, contract: Protocol<any>): Check {
  return {
    title: "goes on where a next version breaks a call, refuses, crashes, or does not know the state",
    run() {
      const { bench } = scene;
      const broken = withBrokenContract(bench.next(0), contract);
      scene.start();
      const before = bench.machine.service(bench.label);
      for (const [what, image] of [["breaks a call", broken.image] as const, ...badVersions(bench.next(0), true)]) {
        const outcome = bench.machine.system.update(bench.label, image);
        holds(`a version that ${what} does not get in`, !outcome.ok);
        if (what === "breaks a call") holds(`the refusal names .${broken.call}`, !outcome.ok && outcome.reason.includes(`.${broken.call}: the number changed`), outcome);
        same(`the service after a version that ${what}`, bench.machine.service(bench.label), before);
      }
    },
  };
}

function recovery(scene: Scene, once: boolean, crashes: number, undisturbed: () => string): Check[] {
  const { bench } = scene;
  return [
    {
      title: `comes back whenever it crashes (${crashes} moments)${once ? ", and its client notices nothing" : ""}`,
      run() {
        const wanted = undisturbed();
        const most = bench.trapsOfJob;
        for (let time = 0; time < crashes; time++) {
          const moment = 1 + Math.floor((most * (2 * time + 1)) / (2 * crashes));
          const heard = scene.steps({ crashAt: moment });
          bench.watch.crashAt = 0;
          if (once) same(`what the client heard where the service crashes at its trap ${moment} of ${most}`, heard, wanted);
          bench.machine.pass(SETTLE_SECONDS);
          holds(`there is a service ${bench.label} after the crash`, bench.machine.service(bench.label) !== null);
        }
      },
    },
    {
      title: "is there again at its endpoint after it was killed",
      run() {
        const endpoint = scene.start();
        bench.machine.run(`kill -9 ${bench.machine.service(bench.label)?.pid}`);
        bench.machine.pass(SETTLE_SECONDS);
        same("its endpoint", bench.machine.service(bench.label)?.endpoint, endpoint);
      },
    },
  ];
}

/** What is tried of any service that is started while the machine runs and has a contract. */
export function dynamicChecksOf(label: string, given: ServiceImage, options: DynamicOptions = {}): Check[] {
  const contract = options.contract ?? (given.contract as Protocol<any> | undefined);
  if (contract === undefined) throw new Error(`conformance: ${given.name} has no contract; give it as an option`);
  const bench = dynamicBench(label, { ...given, contract }, options.rights ?? "uid 0;");
  const scene = new Scene(bench, options.step ?? zeros(contract));
  let first: string | null = null;
  const undisturbed = (): string => {
    if (first === null) {
      first = scene.steps();
      bench.trapsOfJob = bench.watch.traps;
    }
    return first;
  };
  const hostile = contractChecks(bench, contract, options).map(({ title, run }) => ({ title, run: () => (scene.start(), run()) }));
  return spoiling(bench, [
    { title: "starts, is found under its label, and ends when it is told to", run: () => (scene.start(), same("service down", bench.machine.run(`service lookup ${label} >/dev/null && service down ${label}; echo $?`), "0\n")) },
    ...hostile,
    { title: "tells the same client the same after each start", run: () => same("what the client heard the second time", (undisturbed(), scene.steps()), undisturbed()) },
    updates(scene, () => options.next ?? bench.next(1), undisturbed),
    refusals(scene, contract),
    ...recovery(scene, options.once ?? true, options.crashes ?? 5, undisturbed),
  ]);
}

/** Tries such a service without a test runner: what each check came to. For `only`, the titles that contain it. */
export function dynamicConformanceOf(label: string, image: ServiceImage, { only = "", ...options }: DynamicOptions & { readonly only?: string } = {}): CheckOutcome[] {
  return runChecks(dynamicChecksOf(label, image, options).filter(({ title }) => title.includes(only)));
}

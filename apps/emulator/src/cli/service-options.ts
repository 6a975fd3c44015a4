import { replacementProblems, type ServiceImage } from "@procyon-os/message";
import { defaultServices, type ServiceProgram } from "../boot-image.ts";
import { PackageSource } from "../packages/package-source.ts";
import { checkRequirements } from "../packages/requirements.ts";
import type { BootOptions } from "../system.ts";
import { holdExits } from "../watch/held-exits.ts";
import { Watchdog } from "../watch/watchdog.ts";
import { UsageError } from "./usage-error.ts";

/** Options of every command that starts a machine: which packages it is made of. */
export interface ServiceFlags {
  readonly service?: readonly string[];
  readonly package?: readonly string[];
  readonly registry?: string;
  readonly packageCache?: string;
}

/** What these options add to a machine, and what is to be done after its end. */
export interface MachinePackages {
  readonly options: Pick<BootOptions, "services" | "packages" | "fetchPackage" | "bus">;
  /** Watches over packages from outside, where there may be any. */
  readonly watchdog: Watchdog | null;
  readonly close: () => void;
}

async function loadServices(source: PackageSource, pairs: readonly string[]): Promise<{ [name: string]: ServiceProgram }> {
  const services: { [name: string]: ServiceProgram } = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const [name, reference] = [pair.slice(0, equals), pair.slice(equals + 1)];
    if (equals < 1 || reference === "") throw new UsageError(`--service ${pair}: NAME=PACKAGE is wanted, for example ds=@procyon-os/ds@0.1.0 or ds=./my-ds`);
    if (!Object.hasOwn(defaultServices, name)) throw new UsageError(`--service ${pair}: there is no service ${name}; there are ${Object.keys(defaultServices).sort().join(", ")}`);
    if (services[name] !== undefined) throw new UsageError(`--service ${pair}: ${name} is given twice`);
    const program = await source.load(reference);
    const usual = defaultServices[name] as ServiceImage;
    const problems = program instanceof Uint8Array ? [] : replacementProblems(usual, program);
    if (problems.length > 0) throw new UsageError(`--service ${pair}: it cannot replace ${usual.name}@${usual.version}: ${problems.join("; ")}`);
    services[name] = program;
  }
  return services;
}

async function loadPackages(source: PackageSource, references: readonly string[]): Promise<ServiceImage[]> {
  const images: ServiceImage[] = [];
  for (const reference of references) {
    const program = await source.load(reference);
    if (program instanceof Uint8Array) throw new UsageError(`--package ${reference}: it is an ELF file; put it on a disk image and name its path in the guest`);
    images.push(program);
  }
  return images;
}

/** Packages that the guest names and that are not there are fetched while the machine stands still. */
function fetcher(source: PackageSource, watchdog: Watchdog | null): (reference: string) => ServiceImage | null {
  return (reference) => {
    try {
      return watchdog === null ? source.loadNow(reference) : watchdog.away(() => source.loadNow(reference));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stderr.write(`procyon: ${error.message}\n`);
      return null;
    }
  };
}

/** Loads the packages that were named. The guest may have more fetched only where --registry names where from. */
export async function machinePackages(flags: ServiceFlags): Promise<MachinePackages> {
  const registry = flags.registry ?? process.env["PROCYON_REGISTRY"];
  const source = new PackageSource({ ...(registry === undefined ? {} : { registry }), ...(flags.packageCache === undefined ? {} : { cache: flags.packageCache }) });
  const fromOutside = (flags.service ?? flags.package ?? flags.registry) !== undefined;
  const release = fromOutside ? holdExits() : () => {};
  let watchdog: Watchdog | null = null;
  const close = (): void => {
    watchdog?.close();
    release();
    source.close();
  };
  try {
    const services = await loadServices(source, flags.service ?? []);
    const packages = await loadPackages(source, flags.package ?? []);
    await checkRequirements({ ...defaultServices, ...services });
    if (fromOutside && !isDebugged()) watchdog = new Watchdog();
    watchdog?.atEnd.push(() => source.close());
    const more = { ...(flags.registry === undefined ? {} : { fetchPackage: fetcher(source, watchdog) }), ...(watchdog === null ? {} : { bus: watchdog.bus }) };
    return { options: { services, packages, ...more }, watchdog, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Whether somebody may stop this process in the midst of a step, to look at it. */
function isDebugged(): boolean {
  return process.execArgv.some((option) => option.startsWith("--inspect"));
}

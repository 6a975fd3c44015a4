import { defaultServices, type BootOptions } from "@procyon-os/emulator";

/** Services that count how often they are started, in the place of the machine's own. */
export function counted(names: readonly string[]): { services: NonNullable<BootOptions["services"]>; starts: Map<string, number> } {
  const starts = new Map<string, number>();
  const services = Object.fromEntries(
    names.map((name) => {
      const image = defaultServices[name];
      if (image === undefined) throw new Error(`no service ${name}`);
      const main: typeof image.main = (...args) => {
        starts.set(name, (starts.get(name) ?? 0) + 1);
        return image.main(...args);
      };
      return [name, { ...image, main }];
    }),
  );
  return { services, starts };
}

// Versions of the machine's own services: one whose state has another shape (and the way back), and those that fail at each step.
import { defaultServices } from "@procyon-os/emulator";
import { fail, HARDWARE, ok } from "@procyon-os/message";
import { sefStartup, stateSpec, withStateSpec } from "@procyon-os/sef";
import { receive } from "@procyon-os/syslib";

/** The names of the packages, by label, where they differ. */
const packages = { fs_imgrd: "mfs", at_wini_0: "at_wini" };
export const imageOf = (label) => defaultServices[packages[label] ?? label];
const isObject = (state) => typeof state === "object" && state !== null && Object.getPrototypeOf(state) === Object.prototype;

/** The next version keeps one field more, which counts the updates; the present one can be made of it again. */
function reshaped(label, up) {
  const change = (spec) => ({
    ...spec,
    version: spec.version + (up ? 1 : 0),
    migrations: {
      ...spec.migrations,
      [spec.version]: (state) => (isObject(state) ? { ...state, reshaped: { at: spec.version } } : state),
      [spec.version + 1]: (state) => {
        if (!isObject(state)) return state;
        const { reshaped: mark, ...rest } = state;
        if (mark?.at !== spec.version) throw new Error(`${label}: the new field is gone`);
        return rest;
      },
    },
  });
  const { name } = imageOf(label);
  return { ...withStateSpec(imageOf(label), change), name, version: up ? "9.1.0" : "9.0.0" };
}
export const nextShape = (label) => reshaped(label, true);
export const presentShape = (label) => reshaped(label, false);

function withAnotherNumber(contract) {
  const [name] = Object.keys(contract.calls);
  return { ...contract, calls: { ...contract.calls, [name]: { ...contract.calls[name], number: 0x3ff } } };
}

/** New versions that fail, by what they do. */
export function badVersions(label, image = imageOf(label)) {
  const version = (minor, change) => ({ ...image, version: `8.${minor}.0`, ...change });
  const none = stateSpec({ name: image.name, version: 1, saved: false });
  return {
    refuses: version(1, { *main() { yield* sefStartup(none, { *initFresh() { return ok({}); }, *initLu() { return fail("EGENERIC"); } }); } }),
    "crashes at once": version(2, { *main() { throw new Error("planted"); } }),
    "crashes in its initialization": version(3, { *main() { yield* sefStartup(none, { *initFresh() { return ok({}); }, *initLu() { throw new Error("planted"); } }); } }),
    "knows no way from the state": { ...withStateSpec(image, (spec) => ({ ...spec, version: 77, migrations: {} })), version: "8.4.0" },
    ...(image.contract === undefined ? {} : { "breaks a call": version(5, { contract: withAnotherNumber(image.contract) }) }),
    "never answers": version(6, { *main() { for (;;) yield* receive(HARDWARE); } }),
  };
}

import { image as atWini } from "@procyon-os/at-wini";
import { ds } from "@procyon-os/ds";
import { image as log } from "@procyon-os/log";
import { image as memory } from "@procyon-os/memory";
import { mfs } from "@procyon-os/mfs";
import { image as pfs } from "@procyon-os/pfs";
import { image as tty } from "@procyon-os/tty";
import { describeService } from "./index.ts";

describeService("ds", ds);
describeService("tty", tty);
describeService("log", log);
describeService("memory", memory);
describeService("at_wini", atWini);
describeService("mfs", mfs);
describeService("pfs", pfs);

import { image as atWini } from "@procyon-os/at-wini";
import { ds } from "@procyon-os/ds";
import { image as is } from "@procyon-os/is";
import { image as log } from "@procyon-os/log";
import { image as memory } from "@procyon-os/memory";
import { mfs } from "@procyon-os/mfs";
import { image as pfs } from "@procyon-os/pfs";
import { image as tty } from "@procyon-os/tty";
import { describeService } from "./index.ts";

const quick = { crashes: 2 }; // more of it: test/services

describeService("ds", ds, quick);
describeService("tty", tty, quick);
describeService("log", log, quick);
describeService("memory", memory, quick);
describeService("at_wini", atWini, quick);
describeService("is", is, quick);
describeService("mfs", mfs, quick);
describeService("pfs", pfs, quick);

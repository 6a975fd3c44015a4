import { pm } from "@procyon-os/pm";
import { image as rs } from "@procyon-os/rs";
import { sched } from "@procyon-os/sched";
import { image as vfs } from "@procyon-os/vfs";
import { vm } from "@procyon-os/vm";
import { describeService } from "./index.ts";

const quick = { crashes: 2 }; // more of it: test/services

describeService("rs", rs, quick);
describeService("pm", pm, quick);
describeService("sched", sched, quick);
describeService("vfs", vfs, quick);
describeService("vm", vm, quick);

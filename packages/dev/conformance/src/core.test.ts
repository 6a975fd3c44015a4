import { pm } from "@procyon-os/pm";
import { image as rs } from "@procyon-os/rs";
import { sched } from "@procyon-os/sched";
import { image as vfs } from "@procyon-os/vfs";
import { vm } from "@procyon-os/vm";
import { describeService } from "./index.ts";

describeService("rs", rs);
describeService("pm", pm);
describeService("sched", sched);
describeService("vfs", vfs);
describeService("vm", vm);

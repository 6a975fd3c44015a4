import { ds } from "@procyon-os/ds";
import { describeService } from "./index.ts";

describeService("ds", ds);

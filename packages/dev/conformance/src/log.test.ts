import { image } from "@procyon-os/log";
import { describeService } from "./index.ts";

describeService("log", image);

import { describeService } from "@procyon-os/conformance";
import { image } from "../src/index.js";

describeService("ds", image);

import { StruckRs, requests } from "./rs-strikes.mjs";
import { parseArgs } from "node:util";
const config = "-config /test/test.conf";
let wrong = 0, n2 = 0;
let rs = new StruckRs();
const before = rs.picture();
const step = Number(process.argv[2] ?? 1), from = Number(process.argv[3] ?? 1), what = process.argv[4] ?? "crash";
const request = requests.find(([n]) => n === what);
const first = Number(process.argv[5] ?? 20);
for (let second = from; second < from + 400; second += step) {
  rs.again = second; 
  let out;
  try {
    out = rs.strike(request, first);
    const hit2 = rs.again === Infinity;
    rs.again = Infinity;
    const after = rs.picture();
    if (after !== before) { wrong++; console.log("second", second, "is", after, out.output); rs = new StruckRs(); }
    if (!hit2) { console.log("no second strike at", second); break; }
    n2++;
  } catch (e) { wrong++; console.log("second", second, String(e.message).slice(0, 1800)); rs = new StruckRs(); }
}
console.log(n2, "double strikes", wrong, "wrong");

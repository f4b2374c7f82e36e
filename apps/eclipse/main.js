// eclipse logs every passage through the Earth's shadow: when it began and ended,
// how long it lasted, and how far the temperatures fell.
//
// Ask `{"query":"last","n":5}` for the last passages.
import { defineApp, json, Ring, round } from "spacechain";

const seconds = (date) => Math.round(date.getTime() / 1000);
const PARTS = ["panel", "structure", "battery", "payload"];
const temperatures = (spc) => spc.sensor("temperature").values.map((c) => round(c, 2));

export default defineApp({
  activate(event, spc) {
    const passages = new Ring(spc.kv, "passage", 64);
    switch (event.name) {
      case "enter":
        spc.kv.putJSON("entered", { t: seconds(event.time), temp_c: temperatures(spc) });
        spc.log.info("into the shadow");
        return;
      case "leave": {
        const entered = spc.kv.getJSON("entered");
        if (!entered) {
          spc.log.info("out of a shadow whose beginning was not seen");
          return;
        }
        spc.kv.delete("entered");
        const now = temperatures(spc);
        const passage = {
          from_t: entered.t,
          to_t: seconds(event.time),
          duration_s: seconds(event.time) - entered.t,
          temp_change_c: Object.fromEntries(PARTS.map((part, i) => [part, round(now[i] - entered.temp_c[i], 2)])),
        };
        passages.add(passage);
        spc.log.info(`out of the shadow after ${passage.duration_s} s`);
        return passage;
      }
    }
    if (event.kind === "message") {
      const ask = json(event) ?? {};
      return {
        app: "eclipse",
        total: passages.total,
        in_shadow_since_t: spc.kv.getJSON("entered")?.t ?? null,
        passages: passages.last(ask.n ?? 5),
      };
    }
  },
});

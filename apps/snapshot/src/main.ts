// snapshot takes a picture when the satellite comes over a place, shrinks it, and
// sends it to the owner; full frames stay on board, encrypted, until asked for.
//
// The owner can move the place and fetch pictures:
//
//     spacechain app call snapshot '{"aim":{"lat":47.4,"lon":8.5,"radius_km":400}}'
//     spacechain app call snapshot '{"list":true}'
//     spacechain app call snapshot '{"fetch":"1767225600"}'
import { defineApp, isSpcError, json, type Event, type Spc } from "spacechain";
import { decode, mean, shrink, type Frame } from "./frame";

interface Aim {
  lat: number;
  lon: number;
  radius_km: number;
}

interface Ask {
  aim?: Aim;
  list?: boolean;
  fetch?: string;
}

const KEEP = 8;
const THUMB = 32;

function take(event: Event, spc: Spc) {
  let frame: Frame;
  try {
    frame = decode(spc.sensor("camera"));
  } catch (e) {
    if (isSpcError(e, "BUSY")) {
      // Somebody else has the camera: once more in ten seconds.
      spc.wakeAt(new Date(spc.now().getTime() + 10_000), event.name);
      return { retry: true };
    }
    throw e;
  }
  const id = String(Math.round(frame.time.getTime() / 1000));
  spc.files.write(`${id}.sealed`, spc.seal(frame.pixels));
  spc.kv.putJSON(`frame/${id}`, { width: frame.width, height: frame.height });
  for (const old of spc.kv.keys("frame/").slice(0, -KEEP)) {
    spc.files.remove(`${old.slice("frame/".length)}.sealed`);
    spc.kv.delete(old);
  }
  const thumb = shrink(frame, THUMB);
  const note = { app: "snapshot", id, width: thumb.width, height: thumb.height, gray: [...thumb.pixels] };
  spc.send("owner", JSON.stringify(note));
  return { id, width: frame.width, height: frame.height, mean: mean(thumb) };
}

function aim(spc: Spc) {
  const at = spc.kv.getJSON<Aim>("aim");
  if (at) spc.wakeInRegion(at.lat, at.lon, at.radius_km, "place");
}

function answer(event: Event, spc: Spc) {
  const ask = json<Ask>(event, {}) ?? {};
  if (ask.aim) {
    spc.kv.putJSON("aim", ask.aim);
    aim(spc);
    return { aim: ask.aim };
  }
  if (ask.fetch) {
    const sealed = spc.files.read(`${ask.fetch}.sealed`);
    if (!sealed) return { error: `no picture ${ask.fetch}; ask {"list":true} for those kept` };
    return spc.open(sealed);
  }
  return { app: "snapshot", pictures: spc.kv.keys("frame/").map((k) => k.slice("frame/".length)) };
}

export default defineApp({
  activate(event, spc) {
    if (event.kind === "message") return answer(event, spc);
    if (event.kind === "install") return aim(spc);
    const result = take(event, spc);
    if (event.kind === "wake" && !("retry" in result)) aim(spc); // the next time round
    return result;
  },
});

// The box for a music-and-effects stem, which the dub is mixed over.

import { mountBox } from "./box.js";

export const mount = (island) => mountBox({ purpose: "bed", title: "Music and effects", hint: "to mix the dub over", types: "audio/*,video/*,.flac,.m4a,.mkv,.mka" }, island);

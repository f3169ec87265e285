// The box for the film or sound a project is made from.

import { mountBox } from "./box.js";

const TYPES = "video/*,audio/*,.mkv,.avi,.mpg,.mpeg,.mov,.mxf,.ts,.m4a,.opus,.flac";

export const mount = (island) =>
  mountBox({ purpose: "media", title: "Drop a video or audio file here, or click to choose one", hint: "MP4, MOV, MKV, WebM, AVI, MPG, WAV, MP3, FLAC… up to 4 hours", types: TYPES, isLarge: true }, island);

// The box for a script: the lines as they are spoken.

import { mountBox } from "./box.js";

export const SCRIPT_TYPES = ".srt,.vtt,.ass,.ssa,.ttml,.xml,.dfxp,.dapt,.csv,.tsv,.xlsx,.txt";

export const mount = (island) => mountBox({ purpose: "script", title: "Script", hint: "what is said", types: SCRIPT_TYPES }, island);

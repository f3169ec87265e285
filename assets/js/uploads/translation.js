// The box for a script in the language dubbed into.

import { mountBox } from "./box.js";
import { SCRIPT_TYPES } from "./script.js";

export const mount = (island) => mountBox({ purpose: "translation", title: "Translation", hint: "what to say instead", types: SCRIPT_TYPES }, island);

// The page of a link that opens nothing: its one sentence, in the reader's language.

import { tell } from "../dom.js";

const said = document.querySelector(".closed p");
tell(said, said.textContent);

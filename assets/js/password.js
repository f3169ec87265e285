// A person's own password: the present one, the new one twice. Enter: who it is. Leaves: a password changed, and all their other logins ended.

import { clear, h } from "./dom.js";
import { toast } from "./toast.js";

export function openPassword(user) {
  const box = (label, autocomplete) => h("input", { type: "password", required: true, autocomplete, "aria-label": label, maxlength: "1024" });
  const [now, next, again] = [box("Present password", "current-password"), box("New password", "new-password"), box("New password once more", "new-password")];
  const trouble = h("p.trouble", { role: "alert" });
  const change = async () => {
    if (next.value !== again.value) return void clear(trouble, "The two new ones are not the same.");
    const refusal = await sent(now.value, next.value);
    if (refusal) return void clear(trouble, refusal);
    dialog.close();
    toast("Your password is changed; you are logged out everywhere else.");
  };
  const field = (label, input) => h("label", {}, h("span", {}, label), input);
  const dialog = h(
    "dialog.speakers.password",
    { "aria-labelledby": "password-title", onclose: () => dialog.remove() },
    h("h2", { id: "password-title" }, "Your password"),
    h(
      "form",
      { onsubmit: (event) => (event.preventDefault(), change()) },
      h("input", { type: "text", autocomplete: "username", value: user, hidden: true }),
      field("Present password", now),
      field("New password", next),
      field("Once more", again),
      trouble,
      h("div.end", {}, h("span.grow"), h("button.btn", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button.btn.primary", {}, "Change")),
    ),
  );
  (document.querySelector(".island.header") ?? document.body).append(dialog);
  dialog.showModal();
  now.focus();
}

/** "" where it is changed, else why not. */
async function sent(now, next) {
  const address = new URL("me/password", document.baseURI);
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ now, new: next }) };
  const answer = await fetch(address, init).catch(() => null);
  if (answer?.ok) return "";
  const body = await answer?.json().catch(() => null);
  return body?.error ?? "The studio did not answer; is it still running?";
}

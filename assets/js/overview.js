// The words of the Overview tab: what each figure shows, under its title, and buttons to the lines to begin with. Without lines, the next step.

import { clear, h } from "./dom.js";
import { figuresLead, jumpTo } from "./jump.js";

export function mount({ element, props, watch }) {
  figuresLead();
  element.className = "island overview";
  const paint = () => {
    const { findings = [], next_step = "" } = props.value ?? {};
    clear(element, findings.length ? null : h("div.empty", {}, h("h3", {}, "Nothing to see yet"), h("p", {}, next_step || "Open a project to see how its programme stands.")));
    document.querySelectorAll(".finding").forEach((old) => old.remove());
    findings.forEach((finding) => document.querySelector(`.figure-${finding.key}`)?.append(said(finding)));
  };
  watch("value", paint);
  paint();
}

const said = ({ sentence, lines }) =>
  h(
    "div.island.finding",
    {},
    h("p", {}, sentence),
    lines.length ? h("div.first-lines", { role: "list", "aria-label": "Lines to begin with" }, lines.map(link)) : null,
  );

const link = ({ id, number, why }) =>
  h("span", { role: "listitem" }, h("button.btn.small", { onclick: () => jumpTo(id), "aria-label": `Go to line ${number}: ${why}` }, h("b", {}, String(number)), h("span.dim", {}, why)));

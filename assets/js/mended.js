// What Gradio's own widgets leave out for those who do not see them or use no mouse, put in as they appear.
// An empty figure has a name but no role; a tab's panel scrolls but takes no focus, and does not say whose it is.

export function mendWidgets() {
  const tabs = document.querySelector("#tabs");
  if (!tabs) return;
  let timer = 0;
  const look = () => (timer ||= setTimeout(() => ((timer = 0), mend(tabs)), 60));
  new MutationObserver((records) => records.some(({ target }) => !target.closest?.(".island")) && look()).observe(tabs, { subtree: true, childList: true, attributeFilter: ["aria-selected"] });
  mend(tabs);
}

function mend(tabs) {
  for (const figure of tabs.querySelectorAll(".empty[aria-label]:not([role])")) figure.setAttribute("role", "img");
  const open = tabs.querySelector('[role="tab"][aria-selected="true"]');
  for (const panel of tabs.querySelectorAll('[role="tabpanel"]')) {
    panel.tabIndex = 0;
    if (open && panel.offsetParent) panel.setAttribute("aria-label", open.textContent.trim());
  }
}

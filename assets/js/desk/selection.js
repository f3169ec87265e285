// Which lines are selected, and which one the side panel shows. Click one, shift-click a range, Ctrl-click to add.

export class Selection {
  ids = new Set();
  active = "";
  #anchor = ""; // where Shift and the arrows began
  #watchers = new Set();

  watch(watcher) {
    this.#watchers.add(watcher);
  }

  unwatch(watcher) {
    this.#watchers.delete(watcher);
  }

  only(id) {
    this.#set(id ? [id] : [], id);
  }

  toggle(id) {
    const ids = new Set(this.ids);
    ids.has(id) && ids.size > 1 ? ids.delete(id) : ids.add(id);
    this.#set(ids, ids.has(id) ? id : [...ids].at(-1));
  }

  /** From the active line to `id`, in the order shown. */
  range(id, order) {
    const [from, to] = [order.indexOf(this.active), order.indexOf(id)];
    if (from < 0 || to < 0) return this.only(id);
    this.#set(order.slice(Math.min(from, to), Math.max(from, to) + 1), this.active);
  }

  /** Shift and an arrow: what lies between where it began and `id`, both included. */
  extend(id, order) {
    const from = order.indexOf(this.#anchor || this.active);
    const to = order.indexOf(id);
    if (from < 0 || to < 0) return this.only(id);
    const anchor = order[from];
    this.#set(order.slice(Math.min(from, to), Math.max(from, to) + 1), id);
    this.#anchor = anchor;
  }

  /** These lines, the first of them active unless the active one is among them. */
  these(ids) {
    this.#set(ids, ids.includes(this.active) ? this.active : (ids[0] ?? ""));
  }

  all(order) {
    this.#set(order, this.active || order[0]);
  }

  /** Drop lines that are gone. */
  keep(order) {
    const known = new Set(order);
    const kept = [...this.ids].filter((id) => known.has(id));
    if (kept.length !== this.ids.size || !known.has(this.active)) this.#set(kept, kept.at(-1) ?? "");
  }

  /** Selected ids in timeline order. */
  inOrder(order) {
    return order.filter((id) => this.ids.has(id));
  }

  #set(ids, active) {
    const [before, was] = [this.ids, this.active];
    this.ids = new Set(ids);
    this.active = active ?? "";
    this.#anchor = "";
    for (const watcher of this.#watchers) watcher({ before, was });
  }
}

// Which lines are selected, and which one the side panel shows. Click one, shift-click a range, Ctrl-click to add.

export class Selection {
  ids = new Set();
  active = "";
  #watchers = new Set();

  watch(watcher) {
    this.#watchers.add(watcher);
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
    for (const watcher of this.#watchers) watcher({ before, was });
  }
}

// Who holds how much of the disk, and of what kind.

import { h, own } from "../dom.js";
import { look } from "./calls.js";
import { size, table } from "./parts.js";

const KINDS = [["media", "Media"], ["takes", "Takes"], ["voices", "Voices"], ["made", "Made by jobs"], ["bin", "In the bin"], ["uploads", "Uploads"]];

async function paint(place) {
  const rows = await look("disk");
  const sum = (kinds) => Object.values(kinds).reduce((all, one) => all + one, 0);
  const total = { owner: "", bytes_by_kind: Object.fromEntries(KINDS.map(([kind]) => [kind, rows.reduce((all, row) => all + (row.bytes_by_kind[kind] ?? 0), 0)])) };
  const columns = [
    { title: "Name", of: (row) => (row === total ? h("b", {}, "All together") : own(row.owner)) },
    ...KINDS.map(([kind, title]) => ({ title, of: (row) => own(size(row.bytes_by_kind[kind] ?? 0)), isNumber: true })),
    { title: "Sum", of: (row) => h("b", {}, own(size(sum(row.bytes_by_kind)))), isNumber: true },
  ];
  place.append(table("Disk", columns, rows.length ? [...rows, total] : [], "Nobody has stored anything yet."), h("p.dim", {}, "The same file in projects of two people counts for both, and lies on the disk once. What the bin still holds goes when its time is over, or when it is emptied."));
}

export const disk = { paint };

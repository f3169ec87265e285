// The four scales as every island of the tab names them, in the order they are applied.

export const SCALES = [
  { name: "text_scale", label: "Words" },
  { name: "face_scale", label: "Face" },
  { name: "lip_scale", label: "Lips" },
  { name: "pause_scale", label: "Pauses" },
];
export const MOST = 5;
export const scale = (value) => (Math.round(value * 100) / 100).toString();

/** "face 1 · lips 0.5", with what is not as usual: words off 1, pauses on. `usual`: the project's text and pause scales unless told otherwise. */
export function inWords(scales, usual = { text_scale: 1, pause_scale: 0 }) {
  const parts = [`face ${scale(scales.face_scale)}`, `lips ${scale(scales.lip_scale)}`];
  if (scales.text_scale !== usual.text_scale) parts.unshift(`words ${scale(scales.text_scale)}`);
  if (scales.pause_scale !== usual.pause_scale) parts.push(`pauses ${scale(scales.pause_scale)}`);
  return parts.join(" · ");
}

/** A line's own scales, or the project's. */
export const scalesOf = (row, project) => Object.fromEntries(SCALES.map(({ name }) => [name, row[name] ?? project?.[name] ?? 0]));

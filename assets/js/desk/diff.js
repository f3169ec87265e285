// What two wordings differ in, word by word; scripts that put no spaces between words, by character. Pure.
// Enter: two texts and a language. Leave: parts in order, {kind: "same" | "out" | "in", text}.

const UNSPACED = ["zh", "ja", "th", "lo", "km", "my"];
const MOST_PARTS = 400; // beyond that a comparison says nothing an eye can use

const pieces = (text, language) => {
  if (UNSPACED.includes(language)) return Array.from(text.matchAll(/[\p{Script=Latin}\p{N}]+|\p{L}\p{M}*|\s+|./gsu), (found) => found[0]);
  return Array.from(text.matchAll(/[\p{L}\p{M}\p{N}’'-]+|\s+|./gsu), (found) => found[0]);
};

const same = (a, b) => a.toLocaleLowerCase() === b.toLocaleLowerCase();

export function diff(before, after, language) {
  const [old, fresh] = [pieces(before, language), pieces(after, language)];
  if (old.length > MOST_PARTS || fresh.length > MOST_PARTS) return [{ kind: "same", text: after }];
  // Longest common subsequence, from the back: shared[i][j] counts for old from i and fresh from j.
  const shared = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) shared[i][j] = same(old[i], fresh[j]) ? shared[i + 1][j + 1] + 1 : Math.max(shared[i + 1][j], shared[i][j + 1]);
  }
  const parts = [];
  const add = (kind, text) => (parts.at(-1)?.kind === kind ? (parts.at(-1).text += text) : parts.push({ kind, text }));
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && same(old[i], fresh[j])) {
      add("same", fresh[j]);
      [i, j] = [i + 1, j + 1];
    } else if (i < old.length && (j >= fresh.length || shared[i + 1][j] >= shared[i][j + 1])) add("out", old[(i += 1) - 1]);
    else add("in", fresh[(j += 1) - 1]);
  }
  return joined(parts);
}

/** A space between two changed words changed with them: "out a" " " "in b" reads as one change. */
function joined(parts) {
  const gathered = [];
  for (const part of parts) {
    if (part.kind === "same" && !part.text.trim() && gathered.length > 1 && gathered.at(-1).kind !== "same") {
      gathered.at(-1).text += part.text;
    } else gathered.push({ ...part });
  }
  return gathered;
}

/** How much of the wording is new, 0 to 1. */
export const changedShare = (parts) => {
  const long = (kind) => parts.filter((part) => part.kind === kind).reduce((sum, part) => sum + part.text.trim().length, 0);
  const [kept, fresh] = [long("same"), long("in")];
  return kept + fresh ? fresh / (kept + fresh) : 0;
};

// How much of a file is here and how long it takes, in few words.

export const percent = (share) => `${Math.floor(share * 100)} %`;

export function size(bytes) {
  const [unit, scale] = [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, least]) => bytes >= least) ?? ["bytes", 1];
  return `${(bytes / scale).toFixed(scale > 1e3 ? 1 : 0)} ${unit}`;
}

export function left(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}

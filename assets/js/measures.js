// What every measure of the desk means and what a good value is, in one place: shown beside the number and in the help.
// To explain one more: an entry here, and data-explain="its name" on whatever shows it.

export const MEASURES = {
  budget: {
    name: "Budget",
    what: "One bar for the line’s whole time: the slot, the gap after it that may be borrowed (hatched), the predicted speech, its pauses (darker) and what spills over.",
    good: "Good: speech and pauses end within the slot. Reaching into the hatched gap is fine where nobody else speaks.",
  },
  slot: {
    name: "Slot",
    what: "The time a line may take: from its in to its out, and the free time after it before the next line of the same speaker.",
    good: "Longer words than the slot need a faster voice or a shorter wording.",
  },
  delta: {
    name: "Δ, seconds",
    what: "Predicted time of the translation less the time of the line on screen. Plus is too long, minus is too short.",
    good: "Good: between −0.3 and +0.1 s. On screen, both ends should meet the mouth.",
  },
  p: {
    name: "P, duration penalty",
    what: "How far the predicted time is from the line on screen, as one number: 0 where they are the same; what is too long weighs more than what is too short.",
    good: "Good: below 0.3. From 1 on, people see or hear that the line does not fit.",
  },
  rate: {
    name: "Rate",
    what: "How much faster than its natural pace the voice must speak to fit the slot.",
    good: "Good: up to 1.10×. Above 1.20× it sounds hurried; the limit is set on the Export tab.",
  },
  cps: {
    name: "Characters per second",
    what: "Characters of the translation divided by the seconds of the line, as subtitles count them.",
    good: "Good: up to 17 for Latin scripts, up to 9 for Chinese, Japanese and Korean; above that it is hard to say and hard to read.",
  },
  syllables: {
    name: "Syllables per second",
    what: "Syllables of the translation divided by the seconds of the line: how fast the mouth must move.",
    good: "Good: 4 to 6. The source’s own pace is the best guide.",
  },
  lips: {
    name: "Lips",
    what: "Whether the speaker’s mouth is seen in this line, and how well the take meets it: LSE-C, and where the scorer is sure, by how many frames it is off.",
    good: "Good: “in sync”, or nothing to see. A line that is off by two frames or more is worth another take.",
  },
  lse_c: {
    name: "LSE-C, lip-sync confidence",
    what: "How sure a lip-sync judge is that this sound belongs to this mouth. Higher is better.",
    good: "Good: as high as the original, or 3 and more; compare takes of one line with each other, not different films.",
  },
  lse_d: {
    name: "LSE-D, lip-sync distance",
    what: "How far apart sound and mouth are for a lip-sync judge. Lower is better.",
    good: "Good: below 9; compare takes of one line with each other.",
  },
  offset: {
    name: "Offset, frames",
    what: "By how many frames the sound is early (plus) or late (minus) against the lips.",
    good: "Good: 0 or one frame. From two frames on, the eye notices, and the QC report lists the line.",
  },
  overlap: {
    name: "Overlap",
    what: "How much of the time in which either speaks, source and dub both speak: whether words fall where the mouth moves.",
    good: "Good: above 0.8 on screen. Off screen it does not matter.",
  },
  meaning: {
    name: "Meaning",
    what: "How close a wording’s translation back is to the source, by a model that compares meanings.",
    good: "Good: near the best of the list. Read the translation back where it is much lower.",
  },
  likelihood: {
    name: "Likelihood",
    what: "How natural a wording is to the translator that proposed it, per word; nearer to zero is more natural.",
    good: "Compare wordings of one line only.",
  },
  fit: {
    name: "Fit",
    what: "Green fits at the natural pace. Amber fits when spoken faster, within the limit. Red does not fit at any pace the project allows.",
    good: "Good: green. Amber is accepted off screen; red needs another wording or another time.",
  },
  presence: {
    name: "On screen",
    what: "Whether the speaker’s mouth is seen while the line is spoken: on screen, partly, or off screen.",
    good: "Off screen lines are free in their timing; on screen lines should start and end with the mouth.",
  },
  wer: {
    name: "Word errors",
    what: "Share of words the recogniser hears differently when it listens to the take.",
    good: "Good: below 5 %. More means that words are slurred, cut, or said in a way it does not know.",
  },
  loudness: {
    name: "Loudness, LUFS",
    what: "How loud the mix is to the ear, over the whole programme.",
    good: "Good: within 0.5 of what the delivery profile asks, −23 for EBU R128, −27 dialogue-gated for streaming.",
  },
};

// J, K, L: the picture run forwards or backwards, faster with every press. Enter: a direction. Leave: a picture that runs.

const SPEEDS = [1, 2, 4];
const BACK_STEP_MS = 60; // browsers cannot play backwards; the picture steps

export class Shuttle {
  onEnd = () => {};
  speed = 0; // 0: at rest; negative: backwards
  #turn = 0;

  constructor(picture) {
    this.picture = picture;
  }

  /** How fast a press of `by` (−1 backwards, 1 forwards) makes it, from the speed it has. */
  next(by) {
    const now = Math.sign(this.speed) === by ? Math.abs(this.speed) : 0;
    return by * SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(now) + 1)];
  }

  run(speed) {
    const { video } = this.picture;
    this.speed = speed;
    this.#turn += 1;
    video.muted = speed < 0;
    video.playbackRate = Math.abs(speed);
    if (speed > 0) video.play().catch(() => this.onEnd());
    else this.#stepBack(this.#turn, performance.now());
  }

  stop() {
    this.#turn += 1;
    this.speed = 0;
  }

  #stepBack(mine, since) {
    if (mine !== this.#turn) return;
    const now = performance.now();
    if (!this.picture.video.seeking && now - since >= BACK_STEP_MS) {
      const at_ms = this.picture.at_ms + this.speed * (now - since);
      this.picture.seek(Math.max(0, at_ms));
      if (at_ms <= 0) return this.onEnd();
      since = now;
    }
    setTimeout(() => this.#stepBack(mine, since), BACK_STEP_MS / 3);
  }
}

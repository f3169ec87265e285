// A canvas made ready to draw on: as sharp as the screen, empty, with the page's colours at hand.

/** {pen, width, height, ink}: a pen in CSS pixels, and `ink("--name")` for a colour. */
export function sheet(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  return { pen, width, height, ink: (name) => style.getPropertyValue(name) };
}

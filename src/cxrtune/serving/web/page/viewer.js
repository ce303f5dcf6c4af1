// The radiograph on a canvas: zoom, move, window and level, and a heatmap over it.

import { byId } from "./dom.js";
import { PLAIN } from "./grey.js";

const CLOSEST = 16;
const STEP = 1.25;
const OPACITY = 0.55;

export const newView = () => ({ ...PLAIN, zoom: 1, x: 0, y: 0 });

export class Viewer {
  constructor() {
    this.canvas = byId("canvas");
    this.context = this.canvas.getContext("2d");
    this.image = null;
    this.view = newView();
    this.heat = null;
    this.opacity = OPACITY;
    this.moving = false;
    this.pointers = new Map();
    this.dirty = true;
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.#listen();
  }

  open(image, view, label) {
    this.image = image;
    this.view = view;
    this.heat = null;
    this.canvas.setAttribute("aria-label", label);
    this.#changed();
  }

  close(label) {
    this.open(null, newView(), label);
  }

  lay(bitmap, name) {
    this.heat = bitmap;
    byId("opacity").disabled = bitmap === null;
    byId("heat-name").hidden = bitmap === null;
    byId("heat-name").textContent = name ?? "";
    this.draw();
  }

  reset() {
    Object.assign(this.view, newView());
    this.#changed();
  }

  // What is seen, at the image's own size.
  drawWhole(context) {
    this.image.show(this.view);
    context.drawImage(this.image.canvas, 0, 0);
    this.#drawHeat(context, 0, 0, this.image.width, this.image.height);
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.context.clearRect(0, 0, width, height);
    if (!this.image) {
      byId("scale").textContent = "";
      return;
    }
    if (this.dirty) this.image.show(this.view);
    this.dirty = false;
    const scale = this.#scale();
    const [left, top] = this.#corner(scale);
    this.context.imageSmoothingEnabled = scale < 4;
    this.context.imageSmoothingQuality = "high";
    const box = [left, top, this.image.width * scale, this.image.height * scale];
    this.context.drawImage(this.image.canvas, ...box);
    this.#drawHeat(this.context, ...box);
    byId("scale").textContent = `${Math.round((scale / ratio) * 100)} %`;
  }

  #drawHeat(context, ...box) {
    if (!this.heat) return;
    context.save();
    context.globalAlpha = this.opacity;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.heat, ...box);
    context.restore();
  }

  // Pixels of the canvas a pixel of the image; a zoom of 1 shows all of it.
  #scale() {
    const { width, height } = this.canvas;
    return Math.min(width / this.image.width, height / this.image.height) * this.view.zoom;
  }

  #corner(scale) {
    const { width, height } = this.canvas;
    return [
      width / 2 + (this.view.x - 0.5) * this.image.width * scale,
      height / 2 + (this.view.y - 0.5) * this.image.height * scale,
    ];
  }

  zoomBy(factor, at = null) {
    if (!this.image) return;
    const before = this.#scale();
    this.view.zoom = Math.min(CLOSEST, Math.max(1, this.view.zoom * factor));
    const grown = this.#scale() / before;
    const { width, height } = this.canvas;
    const [dx, dy] = at ? [at[0] - width / 2, at[1] - height / 2] : [0, 0];
    // What is under the pointer stays there.
    const scale = this.#scale();
    this.view.x += (dx * (1 - grown)) / (this.image.width * scale);
    this.view.y += (dy * (1 - grown)) / (this.image.height * scale);
    this.#keepInside();
    this.draw();
  }

  moveBy(dx, dy) {
    if (!this.image) return;
    const scale = this.#scale();
    this.view.x += dx / (this.image.width * scale);
    this.view.y += dy / (this.image.height * scale);
    this.#keepInside();
    this.draw();
  }

  adjust(window, level) {
    this.view.window = Math.min(510, Math.max(8, this.view.window + window));
    this.view.level = Math.min(255, Math.max(0, this.view.level + level));
    this.#changed();
  }

  #keepInside() {
    const most = 0.5 * (1 - 1 / this.view.zoom) + 0.05 * (this.view.zoom > 1);
    this.view.x = Math.min(most, Math.max(-most, this.view.x));
    this.view.y = Math.min(most, Math.max(-most, this.view.y));
  }

  #changed() {
    this.dirty = true;
    byId("window").value = this.view.window;
    byId("level").value = this.view.level;
    byId("invert").setAttribute("aria-pressed", this.view.inverted);
    this.draw();
  }

  #invert() {
    this.view.inverted = !this.view.inverted;
    this.#changed();
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  #listen() {
    const { canvas } = this;
    byId("zoom-in").addEventListener("click", () => this.zoomBy(STEP));
    byId("zoom-out").addEventListener("click", () => this.zoomBy(1 / STEP));
    byId("reset").addEventListener("click", () => this.reset());
    byId("invert").addEventListener("click", () => this.#invert());
    byId("drag").addEventListener("click", () => {
      this.moving = !this.moving;
      byId("drag").setAttribute("aria-pressed", this.moving);
      canvas.classList.toggle("move", this.moving);
    });
    byId("window").addEventListener("input", (event) => this.adjust(event.target.value - this.view.window, 0));
    byId("level").addEventListener("input", (event) => this.adjust(0, event.target.value - this.view.level));
    byId("opacity").addEventListener("input", (event) => {
      this.opacity = event.target.value / 100;
      this.draw();
    });
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!this.image) return;
        event.preventDefault();
        this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), this.#place(event));
      },
      { passive: false },
    );
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.#place(event));
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
  }

  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || !this.image) return;
    const now = this.#place(event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const distance = (place) => Math.max(1, Math.hypot(place[0] - other[0], place[1] - other[1]));
      this.zoomBy(distance(now) / distance(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
      this.moveBy(dx / 2, dy / 2);
    } else if (this.moving || event.shiftKey || event.buttons === 4) {
      this.moveBy(dx, dy);
    } else {
      const ratio = devicePixelRatio || 1;
      this.adjust((dx / ratio) * 0.8, (dy / ratio) * 0.5);
    }
    this.pointers.set(event.pointerId, now);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      "+": () => this.zoomBy(STEP),
      "=": () => this.zoomBy(STEP),
      "-": () => this.zoomBy(1 / STEP),
      0: () => this.reset(),
      i: () => this.#invert(),
      "[": () => this.adjust(-16, 0),
      "]": () => this.adjust(16, 0),
      ",": () => this.adjust(0, -8),
      ".": () => this.adjust(0, 8),
      ArrowLeft: () => this.moveBy(40, 0),
      ArrowRight: () => this.moveBy(-40, 0),
      ArrowUp: () => this.moveBy(0, 40),
      ArrowDown: () => this.moveBy(0, -40),
    }[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  }
}

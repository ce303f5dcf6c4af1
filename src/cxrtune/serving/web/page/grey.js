// Grey values of a radiograph, and how window and level show them.

export const PLAIN = Object.freeze({ window: 255, level: 127.5, inverted: false });

export class GreyImage {
  constructor(bitmap) {
    this.width = bitmap.width;
    this.height = bitmap.height;
    this.canvas = new OffscreenCanvas(this.width, this.height);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.context.drawImage(bitmap, 0, 0);
    const colours = this.context.getImageData(0, 0, this.width, this.height);
    this.grey = new Uint8Array(this.width * this.height);
    for (let i = 0; i < this.grey.length; i += 1) this.grey[i] = colours.data[4 * i];
    this.shown = colours;
    this.words = new Uint32Array(colours.data.buffer);
  }

  // Linear between level - window / 2, black, and level + window / 2, white.
  show({ window, level, inverted }) {
    const table = new Uint32Array(256);
    for (let grey = 0; grey < 256; grey += 1) {
      const light = Math.min(255, Math.max(0, Math.round(((grey - level) / window + 0.5) * 255)));
      const value = inverted ? 255 - light : light;
      table[grey] = (255 << 24) | (value << 16) | (value << 8) | value;
    }
    const { grey, words } = this;
    for (let i = 0; i < grey.length; i += 1) words[i] = table[grey[i]];
    this.context.putImageData(this.shown, 0, 0);
  }
}

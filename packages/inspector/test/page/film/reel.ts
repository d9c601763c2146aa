import gifenc from 'gifenc'
import type { Browser, Page } from 'playwright-core'

const { GIFEncoder, applyPalette, quantize } = gifenc
// One colour is for what has not changed since the frame before.
const COLOURS = 255
const SAME = 255

// Frames that stand this long give the colours; those between have the same.
const STANDS = 400

/** Screenshots of a page as a moving picture. */
export interface Reel {
  /** Takes the page as it is now, and shows it for so many milliseconds. */
  frame(duration: number): Promise<void>
  /** Milliseconds of all frames so far. */
  lasts(): number
  /** The bytes of the GIF. */
  end(): Promise<Uint8Array>
}

/** Begins one. Chromium itself reads the pixels of its screenshots. */
export async function createReel(browser: Browser, page: Page): Promise<Reel> {
  const reader = await browser.newPage()
  const shots: { readonly png: Uint8Array; readonly duration: number }[] = []
  return {
    async frame(duration) {
      shots.push({ png: await page.screenshot(), duration })
    },
    lasts: () => shots.reduce((sum, { duration }) => sum + duration, 0),
    async end() {
      const standing = shots.filter(({ duration }) => duration >= STANDS)
      const sample = await Promise.all(standing.map(({ png }) => pixelsOf(reader, png)))
      const palette = quantize(Buffer.concat(sample.map(({ pixels }) => pixels)), COLOURS)
      while (palette.length < 256) palette.push([0, 0, 0])
      const known = palette.slice(0, COLOURS)
      const gif = GIFEncoder()
      let before: Uint8Array | undefined
      for (const { png, duration } of shots) {
        const { pixels, width, height } = await pixelsOf(reader, png)
        const now = applyPalette(pixels, known)
        const shown = now.map((colour, at) => (colour === before?.[at] ? SAME : colour))
        gif.writeFrame(shown, width, height, {
          palette,
          delay: duration,
          transparent: true,
          transparentIndex: SAME,
          dispose: 1,
        })
        before = now
      }
      gif.finish()
      return gif.bytes()
    },
  }
}

interface Shot {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

async function pixelsOf(reader: Page, png: Uint8Array): Promise<Shot> {
  const { width, height, text } = await reader.evaluate(async (source) => {
    const image = new Image()
    image.src = `data:image/png;base64,${source}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    let bytes = ''
    for (let at = 0; at < data.length; at += 8192)
      bytes += String.fromCharCode(...data.subarray(at, at + 8192))
    return { width: image.width, height: image.height, text: btoa(bytes) }
  }, Buffer.from(png).toString('base64'))
  return { width, height, pixels: Buffer.from(text, 'base64') }
}
